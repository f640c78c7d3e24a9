import Canonical
import Document
import Mapping

/// A source's mapping and what becomes of its results: from one record to its events, or to the reason why there are none.
struct RecordTranslator: ~Copyable {
    private var translator: Translator
    private var runner: MappingRunner
    /// What a mapping may ask; its time is each record's own.
    private var context: EvaluationContext
    /// Where the mapping writes the members that were refused: found once.
    private var places: [Member: String] = [:]

    private struct Member: Hashable {
        let name: String
        let kind: String?
    }

    /// Why a record is a dead letter: in full for the letter, without data for the log.
    struct Dead: Error, Equatable {
        let reason: String
        let logged: String
        /// Whether the mapping said so itself.
        var isMeant = false
    }

    init(_ mapping: CompiledMapping, _ knowledge: Knowledge, source: String) {
        runner = MappingRunner(mapping)
        context = knowledge.context(at: .never)
        translator = Translator(source: source, knowledge: knowledge)
    }

    /// Translates a record that lies on the tape.
    mutating func translate(
        _ input: Node, _ tape: inout Tape, _ reference: String, _ stamp: Tick, _ position: Int64?
    ) -> Result<Translation, Dead> {
        let result: Node?
        context.milliseconds = stamp.isKnown ? Int(stamp.milliseconds) : 0
        do throws(MappingFailure) {
            result = try runner.run(input, on: &tape, context)
        } catch {
            switch error {
            case .unknownReference(let unknown):
                let name = "\(unknown.entity)/\(unknown.system):\(unknown.id ?? unknown.key ?? "")"
                let itself = Translation.Thing(entity: "record", id: reference)
                return .success(Translation(touched: [itself], references: [name], missing: [name]))
            case .rejected(let rejection):
                return .failure(
                    Dead(reason: "\(rejection.reason) (\(error))", logged: error.description, isMeant: true))
            case .error(let cause): return .failure(Dead(reason: cause.description, logged: cause.withoutWords))
            }
        }
        do throws(Translator.Refusal) {
            return .success(
                try translator.translate(result, on: &tape, reference: reference, stamp: stamp, position: position))
        } catch {
            let line = error.member.map { place(of: $0, within: error.kind) } ?? ""
            let reason = error.description + line
            let holdsNoValue = error.member != nil && error.kind == nil
            return .failure(Dead(reason: reason, logged: holdsNoValue ? reason : "does not fit the schema" + line))
        }
    }

    /// How many places are kept. Where a mapping passes records on, their names may be anything.
    private static let mostPlaces = 256

    /// Where the mapping writes a member: ` (Connectors/garden/article.jsonata:9)`; nothing where its name is computed.
    private mutating func place(of name: String, within kind: String?) -> String {
        let member = Member(name: name, kind: kind)
        if let known = places[member] { return known }
        let place = Self.place(of: member, in: runner.mapping)
        if places.count == Self.mostPlaces { places = [:] }
        places[member] = place
        return place
    }

    private static func place(of member: Member, in mapping: CompiledMapping) -> String {
        let lines = mapping.lines(ofMember: member.name, within: member.kind)
        guard let first = lines.first else { return "" }
        let others = lines.dropFirst().prefix(3).map { ", or line \($0)" }.joined()
        return " (\(mapping.file):\(first)\(others)\(lines.count > 4 ? ", …" : ""))"
    }
}
