import Document
import Transports

/// One contact between its JSON and its row.
enum Contact {
    /// `C-000123`
    static func id(_ number: Int64) -> String {
        let digits = String(number)
        return "C-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }

    /// The number in an id; nil when it isn't one.
    static func number(_ id: String) -> Int64? {
        guard id.hasPrefix("C-"), let number = Int64(id.dropFirst(2)), self.id(number) == id else { return nil }
        return number
    }

    /// As the CRM writes cities.
    static func city(_ city: String) -> String { city.uppercased() }

    /// Adds a contact and returns its number.
    static func insert(_ body: JSON, in database: SQLiteDatabase) throws -> Int64 {
        try database.run("INSERT INTO contact (modified_at, sequence) VALUES (0, 0)")
        let number = database.lastInsertedRow
        try merge(body, into: number, in: database)
        return number
    }

    /// Changes what the patch names (RFC 7396: absent stays, null removes), and puts the contact at the feed's end, even
    /// when nothing became different.
    static func merge(_ patch: JSON, into number: Int64, in database: SQLiteDatabase) throws {
        let now = Clock.milliseconds()
        for (column, value) in try columns(of: patch, now) {
            try database.run("UPDATE contact SET \(column) = ? WHERE number = ?", [value, .integer(number)])
        }
        let sequence = try database.integer("UPDATE modification SET last = last + 1 RETURNING last") ?? 0
        try database.run(
            "UPDATE contact SET modified_at = ?, sequence = ? WHERE number = ?",
            [.integer(now), .integer(sequence), .integer(number)])
    }

    private static func columns(of patch: JSON, _ now: Int64) throws -> [(String, SQLiteValue)] {
        var columns: [(String, SQLiteValue)] = []
        for (key, column) in [
            ("firstName", "first_name"), ("lastName", "last_name"), ("email", "email"), ("phone", "phone"),
            ("loyaltyNumber", "loyalty_number"),
        ] {
            if let value = try patch.column(key) { columns.append((column, value)) }
        }
        let address = [("street", "street"), ("postalCode", "postal_code"), ("city", "city"), ("country", "country")]
        switch patch["address"] {
        case nil: break
        case .null: columns += address.map { ($0.1, .null) }
        case .object?:
            for (key, column) in address {
                guard let value = try patch["address"]?.column(key) else { continue }
                if column == "city", case .text(let city) = value {
                    columns.append((column, .text(Self.city(city))))
                } else {
                    columns.append((column, value))
                }
            }
        default: throw HTTPRefusal(422, "address must be an object.")
        }
        switch patch["consents"] {
        case nil: break
        case .null: columns += purposes.flatMap { [($0, .null), ($0 + "_at", .null)] }
        case .object?: for purpose in purposes { columns += try consent(patch, purpose, now) }
        default: throw HTTPRefusal(422, "consents must be an object.")
        }
        return columns
    }

    private static let purposes = ["newsletter", "profiling"]

    /// `{"granted": true, "at": …}`; without a time it was given now.
    private static func consent(_ patch: JSON, _ purpose: String, _ now: Int64) throws -> [(String, SQLiteValue)] {
        switch patch["consents"]?[purpose] {
        case nil: return []
        case .null: return [(purpose, .null), (purpose + "_at", .null)]
        case .some(let consent):
            guard let granted = consent["granted"]?.bool else {
                throw HTTPRefusal(422, "consents.\(purpose).granted must be true or false.")
            }
            guard let at = consent["at"], !at.isNull else {
                return [(purpose, .integer(granted ? 1 : 0)), (purpose + "_at", .integer(now))]
            }
            guard let milliseconds = at.integer else {
                throw HTTPRefusal(422, "consents.\(purpose).at must be milliseconds since 1970.")
            }
            return [(purpose, .integer(granted ? 1 : 0)), (purpose + "_at", .integer(Int64(milliseconds)))]
        }
    }

    // MARK: Reading

    static func all(
        _ condition: String, _ values: [SQLiteValue] = [], in database: SQLiteDatabase
    ) throws -> [(json: JSON, sequence: Int64)] {
        try database.all(
            """
            SELECT number, first_name, last_name, email, phone, street, postal_code, city, country, loyalty_number,
                newsletter, newsletter_at, profiling, profiling_at, modified_at, sequence
            FROM contact WHERE \(condition)
            """, values
        ) { row in
            let json: JSON = [
                "id": .string(id(row.integer(at: 0) ?? 0)), "firstName": row.json(at: 1), "lastName": row.json(at: 2),
                "email": row.json(at: 3), "phone": row.json(at: 4),
                "address": [
                    "street": row.json(at: 5), "postalCode": row.json(at: 6), "city": row.json(at: 7),
                    "country": row.json(at: 8),
                ],
                "loyaltyNumber": row.json(at: 9),
                "consents": ["newsletter": consent(row, at: 10), "profiling": consent(row, at: 12)],
                "modifiedAt": row.json(at: 14),
            ]
            return (json, row.integer(at: 15) ?? 0)
        }
    }

    static func find(_ number: Int64, in database: SQLiteDatabase) throws -> JSON? {
        try all("number = ?", [.integer(number)], in: database).first?.json
    }

    private static func consent(_ row: borrowing SQLiteRow, at column: Int) -> JSON {
        guard let granted = row.integer(at: column) else { return .null }
        return ["granted": .bool(granted == 1), "at": row.json(at: column + 1)]
    }
}
