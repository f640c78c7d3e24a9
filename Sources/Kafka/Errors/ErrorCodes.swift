import CRdKafka

/// The codes that this module or its users tell apart, by Kafka's names.
extension KafkaError.Code {
    /// No error.
    public static let none = Self(RD_KAFKA_RESP_ERR_NO_ERROR)

    // The client's own.

    /// The client is being destroyed.
    public static let destroyed = Self(RD_KAFKA_RESP_ERR__DESTROY)
    /// An argument is not valid.
    public static let invalidArgument = Self(RD_KAFKA_RESP_ERR__INVALID_ARG)
    /// The client can't do this in its present state.
    public static let state = Self(RD_KAFKA_RESP_ERR__STATE)
    /// No answer in time.
    public static let timedOut = Self(RD_KAFKA_RESP_ERR__TIMED_OUT)
    /// A request waited too long in the client's queue.
    public static let timedOutInQueue = Self(RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE)
    /// A record was not acknowledged within `message.timeout.ms`.
    public static let messageTimedOut = Self(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
    /// The connection to a broker broke.
    public static let transport = Self(RD_KAFKA_RESP_ERR__TRANSPORT)
    /// No broker can be reached.
    public static let allBrokersDown = Self(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    /// A broker's host name can't be resolved.
    public static let resolve = Self(RD_KAFKA_RESP_ERR__RESOLVE)
    /// The group's coordinator is not known yet.
    public static let waitCoordinator = Self(RD_KAFKA_RESP_ERR__WAIT_COORD)
    /// The producer's queue is full.
    public static let queueFull = Self(RD_KAFKA_RESP_ERR__QUEUE_FULL)
    /// An earlier call of the same kind has not ended.
    public static let previousInProgress = Self(RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS)
    /// A conflicting call is under way.
    public static let conflict = Self(RD_KAFKA_RESP_ERR__CONFLICT)
    /// librdkafka asks for a repetition.
    public static let retry = Self(RD_KAFKA_RESP_ERR__RETRY)
    /// There is no stored or committed offset.
    public static let noOffset = Self(RD_KAFKA_RESP_ERR__NO_OFFSET)
    /// The start offset is gone, and `auto.offset.reset` is `error`.
    public static let autoOffsetReset = Self(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    /// The end of a partition was reached.
    public static let partitionEnd = Self(RD_KAFKA_RESP_ERR__PARTITION_EOF)
    /// The client does not know this topic.
    public static let unknownTopic = Self(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    /// The client does not know this partition.
    public static let unknownPartition = Self(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    /// The consumer did not poll within `max.poll.interval.ms` and was expelled.
    public static let maxPollExceeded = Self(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
    /// The group took the partitions away.
    public static let assignmentLost = Self(RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST)
    /// Dropped from the producer's queue by an abort.
    public static let purgedFromQueue = Self(RD_KAFKA_RESP_ERR__PURGE_QUEUE)
    /// Dropped on its way by an abort.
    public static let purgedInFlight = Self(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    /// The client has met a fatal error before.
    public static let fatal = Self(RD_KAFKA_RESP_ERR__FATAL)
    /// Another producer has taken this one's transactional id.
    public static let fenced = Self(RD_KAFKA_RESP_ERR__FENCED)
    /// Logging in failed.
    public static let authentication = Self(RD_KAFKA_RESP_ERR__AUTHENTICATION)
    /// The broker lacks the feature.
    public static let unsupportedFeature = Self(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)

    // The broker's.

    /// The offset is not in the partition.
    public static let offsetOutOfRange = Self(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
    /// The broker does not know the topic or partition.
    public static let unknownTopicOrPartition = Self(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    /// The partition has no leader at the moment.
    public static let leaderNotAvailable = Self(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
    /// The partition's leader has moved.
    public static let notLeader = Self(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
    /// The broker ran out of time.
    public static let requestTimedOut = Self(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT)
    /// The broker is not available.
    public static let brokerNotAvailable = Self(RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE)
    /// The replica is not available.
    public static let replicaNotAvailable = Self(RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE)
    /// The record is larger than the topic allows.
    public static let messageTooLarge = Self(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    /// The batch is larger than the segment.
    public static let recordListTooLarge = Self(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)
    /// The broker lost its connection.
    public static let networkException = Self(RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION)
    /// The coordinator is loading.
    public static let coordinatorLoadInProgress = Self(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS)
    /// There is no coordinator at the moment.
    public static let coordinatorNotAvailable = Self(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
    /// The coordinator has moved.
    public static let notCoordinator = Self(RD_KAFKA_RESP_ERR_NOT_COORDINATOR)
    /// Fewer replicas than `min.insync.replicas`.
    public static let notEnoughReplicas = Self(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS)
    /// Fewer replicas than `min.insync.replicas`, seen after the append.
    public static let notEnoughReplicasAfterAppend = Self(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND)
    /// The group has moved on to a newer generation.
    public static let illegalGeneration = Self(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
    /// The group does not know this member.
    public static let unknownMemberID = Self(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
    /// The group is being rebalanced.
    public static let rebalanceInProgress = Self(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
    /// No right on the topic.
    public static let topicAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    /// No right on the group.
    public static let groupAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    /// No right on the cluster.
    public static let clusterAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    /// No right on the transactional id.
    public static let transactionalIDAuthorizationFailed = Self(
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    /// The broker refused the user or the password.
    public static let saslAuthenticationFailed = Self(RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
    /// The topic exists already.
    public static let topicAlreadyExists = Self(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    /// The setting or its value is not valid.
    public static let invalidConfig = Self(RD_KAFKA_RESP_ERR_INVALID_CONFIG)
    /// The broker is not the controller.
    public static let notController = Self(RD_KAFKA_RESP_ERR_NOT_CONTROLLER)
    /// The broker does not know this version of the request.
    public static let unsupportedVersion = Self(RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
    /// Records of an idempotent producer arrived out of order.
    public static let outOfOrderSequence = Self(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER)
    /// The producer's epoch is older than the broker's.
    public static let invalidProducerEpoch = Self(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
    /// The broker has forgotten this producer.
    public static let unknownProducerID = Self(RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID)
    /// A transaction of the same id is still ending.
    public static let concurrentTransactions = Self(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
    /// The broker's disk failed.
    public static let storageError = Self(RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR)
    /// The partition's leader has changed since.
    public static let fencedLeaderEpoch = Self(RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH)
    /// The leader is not as far yet.
    public static let unknownLeaderEpoch = Self(RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH)
    /// The group still has members.
    public static let nonEmptyGroup = Self(RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP)
    /// The group does not exist.
    public static let groupIDNotFound = Self(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
    /// A static member was replaced by another of the same `group.instance.id`.
    public static let fencedInstanceID = Self(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
    /// A transaction holds the group's offsets.
    public static let unstableOffsetCommit = Self(RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
    /// The broker throttles this client.
    public static let throttlingQuotaExceeded = Self(RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED)
    /// A newer producer has taken this one's transactional id.
    public static let producerFenced = Self(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
}
