public import Document

/// A golden record *as a system can hold it*: a till cuts names at 20 characters, a shop asks round prices. What the
/// verdict compares a copy with.
///
/// Pure functions, written from what each system does, and of nothing else.
public struct Projection: Sendable {
    /// The system.
    public let system: String
    /// The entity.
    public let entity: String
    /// The fields that the system has.
    public let fields: [Field]

    /// One field of a copy.
    public struct Field: Sendable {
        /// Its name in a ``SystemRow``.
        public let name: String
        /// What it should hold: nil when the golden record doesn't say.
        let value: @Sendable (JSON) -> JSON?
    }

    /// A field that doesn't hold what it should.
    public struct Difference: Sendable, Equatable {
        /// The field's name.
        public let field: String
        /// What the system holds; nil when it lacks the field.
        public let held: JSON?
        /// What it should hold.
        public let expected: JSON
    }

    /// What a copy of this golden record should hold. A field that the golden record doesn't mention is left out: the
    /// system may hold there what it likes.
    public func expected(of golden: JSON) -> [JSON.Member] {
        fields.compactMap { field in field.value(golden).map { JSON.Member(field.name, $0) } }
    }

    /// Where a copy and its golden record disagree; empty when it holds what it can. Numbers compare by value, text by
    /// its bytes.
    public func differences(of row: SystemRow, from golden: JSON) -> [Difference] {
        expected(of: golden).compactMap { wanted in
            let held = row[wanted.key]
            return held == wanted.value ? nil : Difference(field: wanted.key, held: held, expected: wanted.value)
        }
    }

    /// The projection of an entity into a system; nil when the system has no copies of it.
    public static func of(_ entity: String, in system: String) -> Projection? {
        all.first { $0.entity == entity && $0.system == system }
    }
}

extension Projection {
    /// All projections.
    public static let all: [Projection] =
        [
            Projection(
                system: "till", entity: "product", fields: [.cut("name", at: TillSchema.nameLength), .price, .currency]),
            Projection(
                system: "till", entity: "customer",
                fields: [.familyNameFirst, .phone, .email, .loyalty] + Field.address()),
            Projection(
                system: "till", entity: "stock", fields: [.same("onHand"), .same("reserved"), .same("available")]),
            Projection(system: "till", entity: "reservation", fields: [.same("quantity"), .same("state")]),
            Projection(
                system: "shop", entity: "product",
                fields: [.same("name"), .same("description"), .roundPrice, .currency, .same("image")]),
            Projection(
                system: "shop", entity: "customer",
                fields: [.same("givenName"), .same("familyName"), .email, .phone, .country] + Field.address()),
            Projection(system: "shop", entity: "stock", fields: [.same("available")]),
            Projection(
                system: "crm", entity: "customer",
                fields: [
                    .same("givenName"), .same("familyName"), .email, .phone, .loyalty, .country,
                    .consent(to: "newsletter"), .consent(to: "profiling"),
                ] + Field.address(city: Contact.city)),
        ]
        + ["importer", "wholesaler"].flatMap { system in
            [
                Projection(system: system, entity: "product", fields: [.same("name"), .price, .currency]),
                Projection(
                    system: system, entity: "stock", fields: [.same("onHand"), .same("reserved"), .same("available")]),
            ]
        }
}

extension Projection.Field {
    static let price = same("price")
    static let currency = same("currency")
    static let phone = same("phone")
    static let email = same("email")
    static let loyalty = same("loyalty")
    static let country = Self(name: "address.addressCountry") { $0.addressMember("addressCountry") }

    /// A field that is held as it is.
    static func same(_ name: String) -> Self { Self(name: name) { $0[name] } }

    /// A text that is cut: SQLite counts code points.
    static func cut(_ name: String, at length: Int) -> Self {
        Self(name: name) { golden in
            guard case .string(let text)? = golden[name] else { return golden[name] }
            return .string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(length))))
        }
    }

    /// A price to the nearest 0.05.
    static let roundPrice = Self(name: "price") { golden in
        guard case .number(let price)? = golden["price"] else { return golden["price"] }
        return Money.cashRounded(price).map { .number($0) }
    }

    /// The till has one field for the whole name, the family's first.
    static let familyNameFirst = Self(name: "name") { golden in
        let names = [golden["familyName"], golden["givenName"]]
        if names.allSatisfy({ $0 == nil }) { return nil }
        return .string(names.compactMap { $0?.string }.joined(separator: " "))
    }

    /// Street, postal code and city; the city as the system writes it.
    static func address(city: @escaping @Sendable (String) -> String = { $0 }) -> [Self] {
        [
            Self(name: "address.streetAddress") { $0.addressMember("streetAddress") },
            Self(name: "address.postalCode") { $0.addressMember("postalCode") },
            Self(name: "address.addressLocality") { golden in
                guard case .string(let name)? = golden.addressMember("addressLocality") else {
                    return golden.addressMember("addressLocality")
                }
                return .string(city(name))
            },
        ]
    }

    /// Whether a consent was given.
    static func consent(to purpose: String) -> Self {
        Self(name: "consents.\(purpose)") { golden in
            golden["consents"]?.array?.first { $0["purpose"]?.string == purpose }?["granted"]
        }
    }
}

extension JSON {
    /// A member of the address; null when the whole address is.
    fileprivate func addressMember(_ name: String) -> JSON? {
        self["address"] == .null ? .null : self["address"]?[name]
    }
}
