import Document

extension Machine {
    /// Makes the result a node that any reader understands: numbers that lived in words become text, links that were
    /// forwarded point to their end.
    mutating func seal(_ result: Value) throws(MappingFailure) -> Node? {
        var result = result
        if result.isTuples {
            let base = stack.count
            for place in result.index..<result.index + tupleCount(result) { stack.append(tuples[place].value) }
            result = try sequence(from: base)
        }
        if result.isUndefined { return nil }
        guard !result.isFunction else { throw functionResult() }
        if result.isLink {
            var bytesLeft = workLimit
            try sealContainer(container(result), 0, &bytesLeft)
            return tape.node(at: container(result))
        }
        try reserve(words: 1)
        tape.appendReserved(try sealed(result.bits))
        return tape.node(at: tape.count - 1)
    }

    /// How deep what a mapping makes may nest: writers and checks call themselves for each level. What the parser let in is
    /// bounded by itself.
    private static let deepest = 500

    /// Seals what the result reaches, and bounds it as it will be written: links may lead to one value many times over.
    /// What only helped on the way stays as it is: nobody reads it.
    private mutating func sealContainer(_ index: Int, _ depth: Int, _ bytesLeft: inout Int) throws(MappingFailure) {
        let end = tape.end(of: index)
        if index < firstWord {
            // Part of the input: of its bytes as many as it has of its words.
            bytesLeft &-= (end &- index) &* bytesPerWord
        } else {
            guard depth < Self.deepest else { throw tooDeep() }
            if tape[index] >> 60 == Value.object {
                try sealMembers(index &+ 1, end, depth, &bytesLeft)
            } else {
                for place in index &+ 1..<end {
                    let value = Value(bits: tape[place])
                    guard value.isFirm else {
                        try sealWord(place, depth, &bytesLeft)
                        continue
                    }
                    bytesLeft &-= 4 &+ value.length
                }
            }
        }
        if bytesLeft < 0 { throw outOfMemory() }
    }

    /// Seals an object's members. Names are strings; most values are as they shall be.
    @inline(__always)
    private mutating func sealMembers(
        _ start: Int, _ end: Int, _ depth: Int, _ bytesLeft: inout Int
    ) throws(MappingFailure) {
        var place = start
        while place < end {
            let words = tape.fixed.words
            var left = bytesLeft
            var isFirm = true
            while place < end {
                let value = Value(bits: words[place &+ 1])
                left &-= 4 &+ Value(bits: words[place]).length
                if value.isFirm {
                    // A literal's length is 0.
                    left &-= 4 &+ value.length
                } else {
                    isFirm = false
                    // What is moved whole from the input stays as it is; it has as many of its bytes as of its words.
                    guard !value.isLoose, value.index < firstWord else { break }
                    let head = words[value.index]
                    guard head >> 60 != Value.link else { break }
                    left &-= 4 &+ (Int(UInt32(truncatingIfNeeded: head)) &- value.index) &* bytesPerWord
                    isFirm = true
                }
                place &+= 2
            }
            bytesLeft = left
            if isFirm { break }
            try sealWord(place &+ 1, depth, &bytesLeft)
            place &+= 2
        }
    }

    /// Seals a word of a container, and what it leads to.
    private mutating func sealWord(_ place: Int, _ depth: Int, _ bytesLeft: inout Int) throws(MappingFailure) {
        var value = Value(bits: tape[place])
        if value.isLoose {
            // A function in a container is fine while mapping; it can neither leave nor be left out silently.
            guard !value.isFunction else { throw functionResult() }
            value = Value(bits: try sealed(value.bits))
            tape[place] = value.bits
        }
        bytesLeft &-= 4
        if value.isLink {
            let inner = container(value)
            if inner != value.index { tape[place] = Value(link: inner).bits }
            try sealContainer(inner, depth &+ 1, &bytesLeft)
        } else if value.isText {
            bytesLeft &-= value.length
        }
    }

    private func functionResult() -> MappingFailure {
        .error(
            code.program.source.error(
                "U2004", "the result is a function or holds one, which no JSON can: call it, or leave it out",
                at: Int(operations[Int(code.program.root)].offset)))
    }

    private mutating func sealed(_ word: UInt64) throws(MappingFailure) -> UInt64 {
        let value = Value(bits: word)
        switch value.tag {
        case Value.real: return try sealed(settled(value).bits)
        case Value.link: return Value(link: container(value)).bits
        case Value.decimal: return try text(ofDecimal: value)
        case Value.number: return word & ~Value.inexact
        case Value.undefinedTag, Value.tuples: return Value.null.bits
        default: return word
        }
    }

    /// Appends a decimal's text: the shortest one for its value.
    mutating func text(ofDecimal value: Value) throws(MappingFailure) -> UInt64 {
        var coefficient = UInt64(value.coefficient.magnitude)
        var exponent = value.exponent
        if exponent < 0, coefficient != 0 {
            while exponent < 0 {
                let (quotient, digit) = coefficient.quotientAndRemainder(dividingBy: 10)
                guard digit == 0 else { break }
                coefficient = quotient
                exponent += 1
            }
        }
        guard exponent <= 0, exponent > -7, coefficient != 0 || exponent == 0 else {
            return try appendText(of: value.smallNumber)
        }
        return try text(coefficient: coefficient, decimals: 0 &- exponent, isNegative: value.coefficient < 0)
    }

    /// Appends a number's digits, with a point before the last few.
    private mutating func text(
        coefficient: UInt64, decimals: Int, isNegative: Bool
    ) throws(MappingFailure) -> UInt64 {
        try reserve(bytes: 40)
        let offset = tape.byteCount
        let start = tape.bytes + offset
        let sign = isNegative && coefficient != 0 ? 1 : 0
        // Written from behind: the digits after the point, the point, the others.
        let digits = max(Self.digits(coefficient), decimals &+ 1)
        let length = sign &+ digits &+ (decimals > 0 ? 1 : 0)
        var at = start + length
        var left = coefficient
        if decimals > 0 {
            Self.write(&left, decimals, &at)
            at -= 1
            at.pointee = UInt8(ascii: ".")
        }
        Self.write(&left, digits &- decimals, &at)
        if sign > 0 { start.pointee = UInt8(ascii: "-") }
        tape.truncate(bytes: offset &+ length)
        return TapeWords.text(.number, offset: offset, length: length, flag: decimals == 0)
    }

    /// Writes so many last digits of a number before a place, and takes them off.
    @inline(__always)
    private static func write(_ left: inout UInt64, _ count: Int, _ at: inout UnsafeMutablePointer<UInt8>) {
        var count = count
        while count > 0 {
            let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
            at -= 1
            at.pointee = UInt8(truncatingIfNeeded: 48 &+ digit)
            left = quotient
            count &-= 1
        }
    }

    /// How many digits a number has; 1 for zero.
    private static func digits(_ value: UInt64) -> Int {
        var count = 1
        var left = value
        while left >= 10_000 {
            left /= 10_000
            count &+= 4
        }
        return count &+ (left >= 1000 ? 3 : left >= 100 ? 2 : left >= 10 ? 1 : 0)
    }
}
