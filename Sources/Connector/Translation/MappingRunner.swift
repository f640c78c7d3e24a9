import Document
import Mapping

/// A mapping and what one thread needs to run it.
struct MappingRunner: ~Copyable {
    let mapping: CompiledMapping
    private var evaluator = MappingEvaluator()

    init(_ mapping: CompiledMapping) { self.mapping = mapping }

    /// Maps a document that lies on the tape; the result lies there too. Nil: nothing.
    mutating func run(
        _ input: Node, on tape: inout Tape, _ context: EvaluationContext
    ) throws(MappingFailure) -> Node? {
        try evaluator.evaluate(mapping, input: input, tape: &tape, context: context)
    }
}
