import Document
import Transports

/// One page of a list: `?updated_since=&page=&per_page=`, and one field to look things up by.
struct Page {
    /// A page holds no more than this.
    static let limit = 50

    let path: String
    let number: Int
    let size: Int
    /// The query as the next page repeats it.
    private let repeated: String
    private let condition: String
    private let values: [SQLiteValue]

    init(_ request: HTTPRequest, _ path: String, filter: String, in database: SQLiteDatabase) throws {
        self.path = path
        number = try request.count("page", standard: 1, limit: 1_000_000)
        size = try request.count("per_page", standard: 20, limit: Self.limit)
        var conditions = ["true"]
        var values: [SQLiteValue] = []
        var repeated = ""
        if let since = request.query["updated_since"], !since.isEmpty {
            guard let time = try database.milliseconds(of: since) else {
                throw HTTPRefusal(422, "updated_since must be a time, as 2026-11-21T21:25:00Z.")
            }
            conditions.append("updated_at >= ?")
            values.append(.integer(time))
            repeated += "&updated_since=\(Clock.rfc3339(time))"
        }
        if let value = request.query[filter] {
            conditions.append("\(filter) = ?")
            values.append(.text(value))
            repeated += "&\(filter)=\(PercentEncoding.encode(value))"
        }
        condition = conditions.joined(separator: " AND ")
        self.values = values
        self.repeated = repeated
    }

    /// The answer: the elements under their name, and the next page's address, as a member and as a `Link` (RFC 8288).
    func answer(
        _ name: String, table: String, in database: SQLiteDatabase, _ element: (Int64) throws -> JSON?
    ) throws -> HTTPResponse {
        let total = Int(try database.integer("SELECT count(*) FROM \(table) WHERE \(condition)", values) ?? 0)
        let ids = try database.all(
            "SELECT id FROM \(table) WHERE \(condition) ORDER BY id LIMIT \(size) OFFSET \((number - 1) * size)", values
        ) { $0.integer(at: 0) ?? 0 }
        let next = number * size < total ? "\(path)?page=\(number + 1)&per_page=\(size)\(repeated)" : nil
        var answer = HTTPResponse.json(
            200,
            .object([
                JSON.Member(name, .array(try ids.compactMap(element))),
                JSON.Member("page", .number(Number(number))),
                JSON.Member("total", .number(Number(total))),
                JSON.Member("next", next.map { .string($0) } ?? .null),
            ]))
        if let next { answer.fields["Link"] = "<\(next)>; rel=\"next\"" }
        return answer
    }
}
