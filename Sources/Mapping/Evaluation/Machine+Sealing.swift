import Document

extension Machine {
    /// Makes the result a node that any reader understands: numbers that lived in words become text, links that were
    /// forwarded point to their end. One pass over the words the mapping wrote.
    mutating func seal(_ result: Value) throws(MappingFailure) -> Node? {
        var result = result
        if result.isTuples {
            let base = stack.count
            for place in result.index..<result.index + tupleCount(result) { stack.append(tuples[place].value) }
            result = try sequence(from: base)
        }
        if result.isUndefined { return nil }
        guard !result.isFunction else { throw functionResult() }
        if needsSealing { try sealWords(result) }
        if result.isLink { return tape.node(at: container(result)) }
        try reserve(words: 1)
        tape.appendReserved(try sealed(result.bits))
        return tape.node(at: tape.count - 1)
    }

    private func functionResult() -> MappingFailure {
        .error(
            code.program.source.error(
                "U2004", "the result is a function: call it, or leave it out",
                at: Int(operations[Int(code.program.root)].offset)))
    }

    private mutating func sealWords(_ result: Value) throws(MappingFailure) {
        var holdsFunction = false
        for place in firstWord..<tape.count {
            let word = tape[place]
            if word >> 60 >= Value.link {
                // A function in a container is fine while mapping; it can neither leave nor be left out silently.
                if word >> 60 == Value.function { holdsFunction = true } else { tape[place] = try sealed(word) }
            }
        }
        var seen: Set<Int> = []
        if holdsFunction, result.isLink, reachesFunction(container(result), &seen) { throw functionResult() }
    }

    private func reachesFunction(_ index: Int, _ seen: inout Set<Int>) -> Bool {
        guard index >= firstWord, seen.insert(index).inserted else { return false }
        for place in (index + 1)..<tape.end(of: index) {
            let value = Value(bits: tape[place])
            if value.isFunction { return true }
            if value.isLink, reachesFunction(container(value), &seen) { return true }
        }
        return false
    }

    private mutating func sealed(_ word: UInt64) throws(MappingFailure) -> UInt64 {
        let value = Value(bits: word)
        switch value.tag {
        case Value.link: return Value(link: container(value)).bits
        case Value.decimal: return try text(ofDecimal: value)
        case Value.number: return word & ~Value.inexact
        case Value.undefinedTag, Value.tuples: return Value.null.bits
        default: return word
        }
    }

    /// Appends a decimal's text: the shortest one for its value.
    mutating func text(ofDecimal value: Value) throws(MappingFailure) -> UInt64 {
        var coefficient = value.coefficient.magnitude
        var exponent = value.exponent
        while coefficient != 0, exponent < 0, coefficient % 10 == 0 {
            coefficient /= 10
            exponent += 1
        }
        guard exponent <= 0, exponent > -7, coefficient != 0 || exponent == 0 else {
            return try appendText(of: value.smallNumber)
        }
        try reserve(bytes: 40)
        let offset = tape.byteCount
        if value.coefficient < 0, coefficient != 0 { tape.appendReserved(byte: UInt8(ascii: "-")) }
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var count = 0
        withUnsafeMutableBytes(of: &digits) { buffer in
            repeat {
                buffer[count] = UInt8(48 + coefficient % 10)
                count += 1
                coefficient /= 10
            } while coefficient > 0
            // Zeros between the point and the first digit.
            while count <= -exponent {
                buffer[count] = 48
                count += 1
            }
            for place in stride(from: count - 1, through: 0, by: -1) {
                tape.appendReserved(byte: buffer[place])
                if place == -exponent, place > 0 { tape.appendReserved(byte: UInt8(ascii: ".")) }
            }
        }
        return TapeWords.text(.number, offset: offset, length: tape.byteCount - offset, flag: exponent == 0)
    }
}
