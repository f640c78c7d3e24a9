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

/// The ids of one source's events, made one after the other: the same as ``EventID/make(source:reference:index:)`` gives.
public struct EventIDs: ~Copyable {
    private let uuids = NamedUUIDs(in: EventID.namespace)
    private var name: [UInt8]
    private let prefix: Int

    /// The ids of the events of a CloudEvents source, such as `/till/prices`.
    public init(source: String) {
        name = Array("\(source)\n".utf8)
        prefix = name.count
        name.reserveCapacity(prefix + 128)
    }

    /// The id of a record's output.
    public mutating func make(reference: String, index: Int) -> UUID {
        make(reference: reference.utf8.span, index: index)
    }

    /// The id of a record's output; the reference is UTF-8.
    public mutating func make(reference: Span<UInt8>, index: Int) -> UUID {
        name.removeSubrange(prefix...)
        name.append(contentsOf: (index == 0 ? "0" : String(index)).utf8)
        name.append(UInt8(ascii: "\n"))
        reference.withUnsafeBufferPointer { name.append(contentsOf: $0) }
        return uuids.named(name.span)
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
