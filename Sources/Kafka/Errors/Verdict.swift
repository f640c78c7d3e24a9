import CRdKafka

extension KafkaError {
    /// What an error means for whoever meets it. This file is the one place that tells.
    public enum Verdict: String, Sendable, CaseIterable {
        /// The same call may succeed later. Nothing is known to be lost.
        case retriable
        /// What was done since the last commit must be dropped: abort the transaction (a consumer: forget the
        /// uncommitted work and poll again), then go on from the committed offsets.
        case abortable
        /// Another process has taken this one's place. Stop; don't start again under the same id while it lives.
        case fenced
        /// This client can't go on. Create a new one.
        case fatal
        /// Repeating is of no use: the request, the topic's settings or the rights must be changed first.
        case permanent
    }

    /// True if the same call may succeed later.
    public var isRetriable: Bool { verdict == .retriable }

    /// True if a topic takes no records as large as these were: it may when its settings are changed.
    public var isTooLarge: Bool { code == .messageTooLarge || code == .recordListTooLarge }

    /// True if this client can't be used any more (``Verdict/fatal`` or ``Verdict/fenced``).
    public var isFatal: Bool { verdict == .fatal || verdict == .fenced }
}

extension KafkaError.Verdict {
    /// The verdict on a code, given what librdkafka says about the occurrence.
    init(of code: KafkaError.Code, fatal: Bool, abortable: Bool, retriable: Bool) {
        let byCode = Self(of: code)
        if byCode == .fenced || fatal && code == .fencedInstanceID {
            self = .fenced
        } else if fatal {
            self = .fatal
        } else if abortable {
            self = .abortable
        } else if retriable {
            self = .retriable
        } else {
            self = byCode
        }
    }

    /// The verdict on a bare code.
    init(of code: KafkaError.Code) {
        self =
            if Self.fencing.contains(code) {
                .fenced
            } else if Self.fatalities.contains(code) {
                .fatal
            } else if Self.passing.contains(code) {
                .retriable
            } else if Self.ownershipLost.contains(code) {
                .abortable
            } else {
                .permanent
            }
    }

    private static let fencing: Set<KafkaError.Code> = [.fenced, .producerFenced, .invalidProducerEpoch]

    private static let fatalities: Set<KafkaError.Code> = [.fatal, .destroyed, .outOfOrderSequence, .unknownProducerID]

    /// Codes that pass: the network, a broker on the move, a queue that empties, a transaction that ends.
    private static let passing: Set<KafkaError.Code> = [
        .timedOut, .transport, .allBrokersDown, .resolve, .waitCoordinator, .queueFull, .messageTimedOut,
        .timedOutInQueue, .noOffset, .previousInProgress, .conflict, .retry, .unstableOffsetCommit,
        .requestTimedOut, .brokerNotAvailable, .leaderNotAvailable, .notLeader, .networkException,
        .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .notEnoughReplicas,
        .notEnoughReplicasAfterAppend, .notController, .concurrentTransactions, .rebalanceInProgress,
        .unknownTopicOrPartition, .unknownTopic, .unknownPartition, .fencedLeaderEpoch, .unknownLeaderEpoch,
        .replicaNotAvailable, .throttlingQuotaExceeded, .storageError,
    ]

    /// Codes that say: others work on these partitions now.
    ///
    /// A member that another process has replaced is told so by its heartbeats, and its client is finished. A transaction's offsets are
    /// refused with the same code, but by less: librdkafka gives its place in the group up when nothing was heard of it for
    /// `session.timeout.ms`, and until it has joined again it has no id, which the broker takes for such a member's.
    private static let ownershipLost: Set<KafkaError.Code> = [
        .illegalGeneration, .unknownMemberID, .assignmentLost, .maxPollExceeded, .fencedInstanceID,
    ]
}

extension KafkaError {
    /// What to do about it, one sentence.
    public var remedy: String {
        switch code {
        case .unknownTopicOrPartition, .unknownTopic, .unknownPartition:
            "Create the topic; if it has just been created, repeat."
        case .noOffset, .autoOffsetReset, .offsetOutOfRange:
            "The records at this position are gone: rebuild from a snapshot, or reset the offset on purpose."
        case .unstableOffsetCommit:
            "A transaction holds these offsets: repeat until it has ended, and don't count them as lag 0."
        case .topicAuthorizationFailed, .groupAuthorizationFailed, .clusterAuthorizationFailed,
            .transactionalIDAuthorizationFailed:
            "Grant this principal the right on the resource."
        case .authentication, .saslAuthenticationFailed: "Check the mechanism, the user and the password."
        case .messageTooLarge, .recordListTooLarge: "Raise max.message.bytes of the topic, or send less."
        case .unsupportedFeature, .unsupportedVersion: "This broker does not offer the operation: use a newer one."
        default: verdict.remedy
        }
    }
}

extension KafkaError.Verdict {
    /// What to do in general.
    var remedy: String {
        switch self {
        case .retriable: "Repeat it; if it lasts, look at the brokers and the network."
        case .abortable: "Abort, drop what was decided since the last commit, and go on from the committed offsets."
        case .fenced:
            "Another process has this id now, or this one heard nothing of the brokers for too long while it was at work: end this one. "
                + "Started again it takes the id back; where that repeats, two processes share it."
        case .fatal: "Close this client and create a new one."
        case .permanent: "Repeating is of no use: change the request, the settings or the rights."
        }
    }
}
