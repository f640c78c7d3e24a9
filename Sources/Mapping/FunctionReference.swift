/// One of the library's functions, as its documentation shows it.
public struct MappingFunction: Sendable, Hashable {
    /// The name with its `$`.
    public let name: String
    /// The types of its parameters and result, as JSONata writes them: `<s-n?:s>`.
    public let signature: String
    /// What it does, in one line.
    public let summary: String
    /// Expressions that use it, and what they give as JSON; nil is undefined. All of them are run as tests.
    public let examples: [Example]
    /// Whether it is this product's own, not JSONata's.
    public let isExtension: Bool
    /// Whether a connector's mapping may call it.
    public let isAllowedInConnectors: Bool

    /// An expression and its result.
    public struct Example: Sendable, Hashable {
        /// The expression.
        public let expression: String
        /// The result as JSON; nil is undefined.
        public let result: String?
    }

    /// All functions, in the order of their groups.
    public static var all: [MappingFunction] {
        Library.standard.functions.map { function in
            MappingFunction(
                name: "$" + function.name, signature: function.signature, summary: function.summary,
                examples: function.examples.map { Example(expression: $0.expression, result: $0.result) },
                isExtension: function.name.hasPrefix("omni_") || function.name == "reject",
                isAllowedInConnectors: function.purity == .pure)
        }
    }
}
