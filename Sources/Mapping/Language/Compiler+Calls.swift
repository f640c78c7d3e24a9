import Document

// Functions: calls of the library's and of others, lambdas, and which calls hand their result on.
extension Compiler {
    private func name(of procedure: Syntax) -> String? {
        procedure.kind == .variable && procedure.predicates.isEmpty ? procedure.text : nil
    }

    mutating func call(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        let procedure = node.left!
        let arguments = list(try compile(all: node.children))
        (result.b, result.c) = (arguments, Int32(node.children.count))
        if let name = name(of: procedure), !name.isEmpty, name != "$" {
            if let number = libraryFunction(name), node.kind == .call {
                try check(function: number, at: procedure.offset)
                try check(arguments: node, of: Library.standard.functions[number])
                (result.kind, result.a) = (.callLibrary, Int32(number))
                if tails.contains(ObjectIdentifier(node)) || handsOn.contains(ObjectIdentifier(node)) {
                    result.flags.insert(.tail)
                }
                if name == "string", !node.children.isEmpty {
                    let first = Int(program.lists[Int(arguments)])
                    let isCalculation = [.add, .subtract, .multiply, .divide, .modulo]
                        .contains(program.operations[first].kind)
                    if isCalculation { program.operations[first].flags.insert(.special) }
                }
                if name == "number" || name == "sum", node.children.count == 1 {
                    // The commonest functions by far. Their argument is not on the list: it is evaluated first.
                    result.kind = name == "sum" ? .sum : .toNumber
                    (result.c, result.word) = (0, UInt64(program.lists[Int(arguments)]))
                } else if name == "round", let places = places(node) {
                    // Its first argument is evaluated first, too.
                    result.kind = .round
                    result.word = UInt64(places) << 32 | UInt64(program.lists[Int(arguments)])
                    (result.b, result.c) = (arguments + 1, Int32(node.children.count - 1))
                }
                return
            }
            // What the library has may be applied in part, in connectors too.
            if libraryFunction(name) == nil,
                let error = unknown(variable: name, at: procedure.offset, called: node.kind == .call)
            {
                throw error
            }
        }
        result.kind = node.kind == .partial ? .partial : .call
        if tails.contains(ObjectIdentifier(node)) { result.flags.insert(.tail) }
        result.a = try compile(procedure)
        if procedure.kind == .path, procedure.children[0].kind == .name {
            let name = procedure.children[0].text
            if libraryFunction(name) != nil || bound.contains(name) { result.flags.insert(.special) }
        }
    }

    /// What the library's function wants to see of its arguments while compiling.
    private func check(arguments node: Syntax, of function: Function) throws(MappingError) {
        guard let check = function.check else { return }
        let literals = node.children.map { $0.kind == .string && $0.predicates.isEmpty ? $0.text : nil }
        if let complaint = check(literals, options) {
            throw source.error(complaint.code, complaint.message, at: node.offset, token: function.name)
        }
    }

    mutating func lambda(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        result.kind = .lambda
        markTails(node.left!)
        var parameters: [Int32] = []
        for parameter in node.children { parameters.append(symbol(parameter.text)) }
        result.a = try compile(node.left!)
        (result.b, result.c) = (list(parameters), Int32(parameters.count))
        guard !node.extra.isEmpty, let signature = try? Signature(node.extra) else { return }
        result.flags.insert(.special)
        result.word = UInt64(program.signatures.count)
        program.signatures.append(signature)
    }

    private mutating func markTails(_ node: Syntax) {
        guard node.predicates.isEmpty, node.groupPairs == nil, !node.keepsArray else { return }
        tails.insert(ObjectIdentifier(node))
        switch node.kind {
        case .condition:
            markTails(node.right!)
            if let third = node.third { markTails(third) }
        case .elvis, .coalesce:
            if node.left!.kind == .call, node.left!.predicates.isEmpty, node.left!.groupPairs == nil {
                handsOn.insert(ObjectIdentifier(node.left!))
            }
            markTails(node.right!)
        case .block: if let last = node.children.last { markTails(last) }
        default: break
        }
    }

    /// To how many decimals a call rounds, where it says a few.
    private func places(_ call: Syntax) -> Int? {
        guard call.children.count == 2 else { return call.children.count == 1 ? 0 : nil }
        let places = call.children[1]
        guard places.kind == .number, places.predicates.isEmpty, places.groupPairs == nil, !places.keepsArray,
            let count = places.number.integer, (0...8).contains(count)
        else { return nil }
        return count
    }

    mutating func apply(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        result.a = try compile(node.left!)
        result.b = try compile(node.right!)
        let called = program.operations[Int(result.b)]
        if [.toNumber, .sum, .round].contains(called.kind) {
            // It gets another argument, so it is a call like others.
            program.operations[Int(result.b)].kind = .callLibrary
            program.operations[Int(result.b)].c = called.c + 1
            if called.kind == .round { program.operations[Int(result.b)].b = called.b - 1 }
        }
        let right = program.operations[Int(result.b)]
        let isCall = node.right!.kind == .call && node.right!.predicates.isEmpty && node.right!.groupPairs == nil
        result.kind = isCall && (right.kind == .call || right.kind == .callLibrary) ? .applyCall : .apply
    }
}
