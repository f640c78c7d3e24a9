public import Document

/// How a demonstration ended.
public struct Outcome: Sendable, Equatable {
    /// One of the stories.
    public struct Story: Sendable, Equatable {
        /// Its name, for programs.
        public let name: String
        /// Whether all of it came true.
        public let passed: Bool
        /// How long it took.
        public let seconds: Double
    }

    /// One of the systems.
    public struct System: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// How many copies it holds, or should hold.
        public let entities: Int
        /// How many of them don't agree with the golden record.
        public let differences: Int
    }

    /// The stories that were told, in their order.
    public var stories: [Story] = []
    /// The systems; none when it didn't come to the final table.
    public var systems: [System] = []
    /// What went wrong; nil when nothing did.
    public var failure: String?
    /// The folder that was kept, with the logs.
    public var folder: String?
    /// How long all of it took.
    public var seconds = 0.0

    /// Whether all stories came true and every copy agrees.
    public var isConsistent: Bool {
        failure == nil && !stories.isEmpty && stories.allSatisfy(\.passed) && !systems.isEmpty
            && systems.allSatisfy { $0.differences == 0 && $0.entities > 0 }
    }

    /// For programs.
    public var json: JSON {
        var json: JSON = [
            "consistent": .bool(isConsistent),
            "stories": .array(
                stories.map {
                    ["name": .string($0.name), "passed": .bool($0.passed), "seconds": Self.number($0.seconds)]
                }),
            "systems": .array(
                systems.map {
                    [
                        "name": .string($0.name), "entities": .number(Number($0.entities)),
                        "differences": .number(Number($0.differences)),
                    ]
                }),
            "seconds": Self.number(seconds),
        ]
        if let failure { json["failure"] = .string(failure) }
        if let folder { json["folder"] = .string(folder) }
        return json
    }

    /// With three decimals.
    private static func number(_ seconds: Double) -> JSON {
        .number(Number(isNegative: false, coefficient: UInt128(max(0, seconds * 1000).rounded()), exponent: -3))
    }
}

extension Outcome.System {
    /// What the verdict says of one system.
    init(_ name: String, _ verdict: Verdict) {
        let copies = verdict.copies(in: name)
        self.init(
            name: name, entities: copies.count, differences: copies.count { !$0.findings.isEmpty })
    }
}
