import CRdKafka

/// A list of partitions as librdkafka takes and fills it; freed with its owner.
struct PartitionList: ~Copyable {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Takes over a list.
    init(owning pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.pointer = pointer }

    /// A list of partitions, all with the same offset.
    init(_ partitions: some Collection<TopicPartition>, offset: Int64 = Offset.invalid) {
        self.init(owning: rd_kafka_topic_partition_list_new(Int32(partitions.count)))
        for partition in partitions { add(partition, offset) }
    }

    /// A list of places.
    init(_ places: some Collection<TopicPartitionOffset>) {
        self.init(owning: rd_kafka_topic_partition_list_new(Int32(places.count)))
        for place in places { add(place.partition, place.offset) }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    private func add(_ partition: TopicPartition, _ offset: Int64) {
        rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition).pointee.offset = offset
    }

    /// Lends the list to C.
    borrowing func lend<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(pointer)
    }

    func offset(at index: Int) -> Int64 { pointer.pointee.elems[index].offset }

    /// What librdkafka filled in.
    var entries: [PartitionEntry] { PartitionEntry.read(pointer) }

    /// The places that were filled in; the first partition that failed is thrown.
    func places(_ operation: String) throws(KafkaError) -> [TopicPartitionOffset] {
        var places: [TopicPartitionOffset] = []
        for entry in entries {
            if let error = entry.error(operation) { throw error }
            places.append(entry.partition.at(entry.offset))
        }
        return places
    }
}

/// One element of a list that librdkafka has filled.
struct PartitionEntry {
    let partition: TopicPartition
    let offset: Int64
    let code: rd_kafka_resp_err_t

    func error(_ operation: String) -> KafkaError? {
        code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, operation).at(partition)
    }

    static func read(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>?) -> [PartitionEntry] {
        guard let list, let elements = list.pointee.elems else { return [] }
        return (0..<Int(list.pointee.cnt)).map { index in
            let element = elements[index]
            return PartitionEntry(
                partition: TopicPartition(String(cString: element.topic), element.partition), offset: element.offset,
                code: element.err)
        }
    }
}
