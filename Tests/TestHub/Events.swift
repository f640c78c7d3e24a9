package import Canonical
package import Document
package import Kafka

#if canImport(Glibc)
    import Glibc
#endif

/// An event as a foreign client writes it: header by header, with nothing of ours.
package struct Foreign: Sendable {
    package var key: String?
    package var headers: [(name: String, text: String)]
    package var value: [UInt8]?
    /// Nil: where Java's partitioner puts the key.
    package var partition: Int32?

    package init(_ type: String, key: String, _ value: String, from source: String = "/till/test", id: String? = nil) {
        self.key = key
        self.value = Array(value.utf8)
        let words = type.split(separator: ".")
        let kind = words.count > 1 ? String(words[1]) : ""
        let isRelease = type == "omni.hold.released"
        headers = [
            ("ce_specversion", "1.0"), ("ce_id", id ?? Self.unique()), ("ce_source", source), ("ce_type", type),
            ("ce_subject", key), ("content-type", "application/json"),
        ]
        if !["deleted", "written"].contains(words.last) {
            headers.append(("ce_dataschema", "urn:omni:\(isRelease ? "release" : kind):1"))
        }
    }

    /// The same with a header set, or without it.
    package func with(_ name: String, _ text: String?) -> Foreign {
        var other = self
        other.headers.removeAll { $0.name == name }
        if let text { other.headers.append((name, text)) }
        return other
    }

    package func keyed(_ key: String?) -> Foreign {
        var other = self
        other.key = key
        return other
    }

    package func valued(_ value: String?) -> Foreign {
        var other = self
        other.value = value.map { Array($0.utf8) }
        return other
    }

    package func at(_ partition: Int32) -> Foreign {
        var other = self
        other.partition = partition
        return other
    }

    private static func unique() -> String {
        var random = SystemRandomNumberGenerator()
        return String(random.next(), radix: 16)
    }
}

extension Foreign {
    package static func product(_ gtin: String, _ fields: String, from system: String = "till") -> Foreign {
        Foreign(
            "omni.product.stated", key: gtin, "{\"gtin\":\"\(gtin)\"\(fields.isEmpty ? "" : ",")\(fields)}",
            from: "/\(system)/test")
    }

    /// A count of a minute ago: what moves from now on isn't in it.
    package static func count(_ product: String, _ place: String, _ quantity: String, id: String? = nil) -> Foreign {
        Foreign(
            "omni.count.stated", key: "\(product)@\(place)",
            "{\"product\":\"\(product)\",\"place\":\"\(place)\",\"quantity\":\(quantity)}", id: id
        ).with("ce_time", Plant.wall().advanced(by: -60_000).rfc3339)
    }

    package static func movement(
        _ product: String, _ place: String, _ quantity: String, id: String? = nil, kind: String = "sale",
        reservation: String? = nil
    ) -> Foreign {
        let more = reservation.map { ",\"reservation\":\"\($0)\"" } ?? ""
        return Foreign(
            "omni.movement.stated", key: "\(product)@\(place)",
            """
            {"product":"\(product)","place":"\(place)","quantity":\(quantity),"kind":"\(kind)"\(more)}
            """, id: id)
    }

    package static func hold(
        _ reservation: String, _ product: String, _ place: String, _ quantity: String = "1",
        until: Tick = Plant.wall().advanced(by: 3_600_000)
    ) -> Foreign {
        Foreign(
            "omni.hold.requested", key: "\(product)@\(place)",
            """
            {"reservation":"\(reservation)","product":"\(product)","place":"\(place)","quantity":\(quantity),\
            "until":"\(until.rfc3339)"}
            """)
    }

    package static func release(_ reservation: String, _ product: String, _ place: String) -> Foreign {
        Foreign(
            "omni.hold.released", key: "\(product)@\(place)",
            "{\"reservation\":\"\(reservation)\",\"product\":\"\(product)\",\"place\":\"\(place)\"}")
    }
}

// MARK: - In and out

extension Plant {
    /// The machine's time.
    package static func wall() -> Tick {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Tick(Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Writes events into a domain's input, and waits until the broker has them.
    package func send(_ events: [Foreign], to domain: String, by producer: Producer? = nil) throws {
        let producer = try producer ?? self.producer()
        for event in events { try queue(event, to: domain, by: producer) }
        try producer.flush(timeout: .seconds(30))
    }

    /// Hands an event to a producer.
    package func queue(_ event: Foreign, to domain: String, by producer: Producer) throws {
        let topic = names.input(domain: domain)
        if let key = event.key {
            try producer.produce(
                to: topic, partition: event.partition, key: key.utf8.span.bytes, value: event.value?.span.bytes,
                headers: Headers(event.headers))
        } else {
            try producer.produce(
                to: topic, partition: event.partition, value: event.value?.span.bytes,
                headers: Headers(event.headers))
        }
    }

    /// The committed records of a topic, partition by partition.
    package func records(_ topic: String) throws -> [Seen] {
        let partitions = try admin().topics([topic], timeout: .seconds(30)).flatMap(\.topicPartitions)
        var seen: [Seen] = []
        try Table.read(
            partitions, broker.merging(["group.id": "\(prefix).probe"]), timeout: .seconds(30), log: log
        ) { batch in
            batch.forEach { seen.append(Seen($0)) }
        }
        return seen
    }

    /// The committed records of a topic, once there are so many.
    package func records(_ topic: String, count: Int) throws -> [Seen] {
        var seen: [Seen] = []
        try eventually("\(count) records in \(topic), \(seen.count) there") {
            seen = try records(topic)
            return seen.count >= count
        }
        return seen
    }

    /// The latest committed record of each key, tombstones left out.
    package func table(_ topic: String) throws -> [String: Seen] {
        var table: [String: Seen] = [:]
        for record in try records(topic) { table[record.key ?? ""] = record.bytes == nil ? nil : record }
        return table
    }

    /// Whether the hub's group has committed everything there is.
    package func isLevel() throws -> Bool {
        let inputs = model.domains.map { names.input(domain: $0) }
        let admin = try admin()
        let partitions = try admin.topics(inputs, timeout: .seconds(30)).flatMap(\.topicPartitions)
        let ends = try admin.watermarks(of: partitions, timeout: .seconds(30))
        let committed = try admin.committed(group: names.hubGroup, partitions, timeout: .seconds(30))
        return partitions.allSatisfy { (committed[$0] ?? 0) == ends[$0]?.high ?? 0 }
    }

    /// Waits until the hub has committed everything there is.
    package func settle() throws { try eventually("the hub is level") { try isLevel() } }
}

/// A record as a test sees it.
package struct Seen: Sendable {
    package let place: TopicPartitionOffset
    package let key: String?
    package let bytes: [UInt8]?
    package let headers: [(name: String, text: String)]

    init(_ record: borrowing Record) {
        place = record.topicPartition.at(record.offset)
        key = record.key?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        bytes = record.value?.withUnsafeBytes { Array($0) }
        var headers: [(name: String, text: String)] = []
        record.forEachHeader { header in
            let text = header.value?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            headers.append((header.name, text ?? ""))
        }
        self.headers = headers
    }

    package var json: JSON? { bytes.flatMap { try? JSON(parsing: $0) } }
    package var type: String { self["ce_type"] ?? "" }
    package var revision: Int? { self["ce_revision"].flatMap { Int($0) } }

    /// The only header of that name; nil when there is none, or more than one.
    package subscript(header: String) -> String? {
        let found = headers.filter { $0.name == header }
        return found.count == 1 ? found[0].text : nil
    }
}
