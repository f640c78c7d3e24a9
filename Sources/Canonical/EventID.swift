public import Digests

/// Stable event ids: the same record read again gives the same ids, so a repetition is known for what it is.
public enum EventID {
    /// The namespace of this project's event ids: UUIDv5 of `omnigration.events` under DNS.
    public static let namespace = UUID.named("omnigration.events", in: .dns)

    /// The id of a record's output.
    ///
    /// - Parameters:
    ///   - source: the CloudEvents source, such as `/till/prices`.
    ///   - reference: the record's own name where it came from: row, log position, message number. Never a time.
    ///   - index: which of the record's outputs, from 0.
    public static func make(source: String, reference: String, index: Int) -> UUID {
        // A newline can't be part of a source, so no two triples share a name.
        UUID.named("\(source)\n\(index)\n\(reference)", in: namespace)
    }
}

/// Golden ids of customers.
public enum CustomerID {
    /// The namespace of golden ids: UUIDv5 of `omnigration.customers` under DNS.
    public static let namespace = UUID.named("omnigration.customers", in: .dns)

    /// The golden id that the first member gives its customer.
    public static func mint(first: Reference, generation: Int = 0) -> UUID {
        UUID.named(generation == 0 ? first.key : "\(generation)\n\(first.key)", in: namespace)
    }
}
