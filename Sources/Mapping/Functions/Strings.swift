import Document

/// Strings. Positions and lengths count Unicode code points.
enum Strings {
    static let functions: [Function] = [
        Function(
            "string", "<x-b?:s>",
            "The value as a string; containers as JSON, indented when the second argument is true.",
            arity: 1,
            examples: [
                .init("$string(19.90)", #""19.9""#), .init("$string({\"a\": [1, null]})", #""{\"a\":[1,null]}""#),
                .init("$string(nothing)", nil), .init("[1..3].$string()", #"["1","2","3"]"#),
                .init("$string([1], true)", #""[\n  1\n]""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            guard machine.argument(arguments, 1) == .true, value.isLink else {
                return value.isFunction ? try machine.string("") : try machine.text(of: value)
            }
            let offset = machine.tape.byteCount
            let inner = value.has(Value.outer) ? machine.element(value, 0) : value
            try machine.writeJSON(inner, indent: 2, depth: 0)
            return machine.closeText(from: offset)
        },
        Function(
            "length", "<s-:n>", "How many characters a string has.",
            examples: [.init("$length(\"Täky\")", "4"), .init("$length(\"\")", "0"), .init("$length(nothing)", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            return value.isUndefined ? value : Value(small: machine.characters(value))
        },
        Function(
            "substring", "<s-nn?:s>",
            "The part of a string from a position on (negative: from the end), so many characters.",
            examples: [
                .init("$substring(\"hello world\", 3, 5)", #""lo wo""#), .init("$substring(\"hello\", -3)", #""llo""#),
                .init("$substring(\"hello\", 9)", #""""#),
            ], substring),
        Function(
            "substringBefore", "<s-s:s>", "The part before the first occurrence; all of it when there is none.",
            examples: [
                .init("$substringBefore(\"EAN:123\", \":\")", #""EAN""#),
                .init("$substringBefore(\"x\", \":\")", #""x""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let text = machine.argument(arguments, 0)
            if text.isUndefined { return text }
            guard let at = machine.find(machine.argument(arguments, 1), in: text, from: 0) else { return text }
            return machine.substring(text, from: 0, to: at)
        },
        Function(
            "substringAfter", "<s-s:s>", "The part behind the first occurrence; all of it when there is none.",
            examples: [
                .init("$substringAfter(\"EAN:123\", \":\")", #""123""#),
                .init("$substringAfter(\"x\", \":\")", #""x""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let text = machine.argument(arguments, 0)
            let mark = machine.argument(arguments, 1)
            if text.isUndefined { return text }
            guard let at = machine.find(mark, in: text, from: 0) else { return text }
            return machine.substring(text, from: at + (mark.isString ? mark.length : 0), to: text.length)
        },
        Function(
            "uppercase", "<s-:s>", "All letters as capitals.",
            examples: [.init("$uppercase(\"straße é\")", #""STRASSE É""#), .init("$uppercase(\"abc1\")", #""ABC1""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.recased(machine.argument(arguments, 0), 97...122) { $0.uppercased() }
        },
        Function(
            "lowercase", "<s-:s>", "All letters as small letters.",
            examples: [.init("$lowercase(\"ÄBC\")", #""äbc""#), .init("$lowercase(\"ABC1\")", #""abc1""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.recased(machine.argument(arguments, 0), 65...90, Casing.lowercased)
        },
        Function(
            "trim", "<s-:s>",
            "Without spaces at both ends, and with one for each run of spaces, tabs and newlines inside.",
            examples: [
                .init("$trim(\"  hello \\n  world  \")", #""hello world""#), .init("$trim(\"a b\")", #""a b""#),
            ],
            trim),
        Function(
            "pad", "<s-ns?:s>", "Filled up to a width: behind, or before when the width is negative.",
            examples: [
                .init("$pad(\"foo\", 5)", #""foo  ""#), .init("$pad(\"17\", -5, \"0\")", #""00017""#),
                .init("$pad(\"foo\", 2)", #""foo""#), .init("$pad(\"a\", 4, \"xy\")", #""axyx""#),
            ], pad),
        Function(
            "join", "<a<s>s?:s>", "The strings of an array in one, with a separator between them.",
            examples: [
                .init("$join([\"a\", \"b\"], \"-\")", #""a-b""#), .init("$join(\"a\")", #""a""#),
                .init("$join([])", #""""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            let separator = machine.argument(arguments, 1)
            if list.isUndefined { return list }
            let index = machine.container(list)
            let offset = machine.tape.byteCount
            var cursor = index + 1
            for place in 0..<machine.count(at: index) {
                if place > 0, separator.isString { try machine.append(bytes: separator) }
                try machine.append(bytes: machine.value(at: cursor))
                cursor = machine.next(cursor)
            }
            return machine.closeText(from: offset)
        },
    ]

    private static func substring(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        guard !text.isUndefined else { return text }
        guard var start = machine.integer(arguments, 1) else {
            // No start: all of it, but nothing of a given length.
            return machine.argument(arguments, 2).isUndefined ? text : machine.substring(text, from: 0, to: 0)
        }
        let count = machine.characters(text)
        if start < 0 { start = max(0, count + start) }
        var end = count
        let length = machine.argument(arguments, 2)
        if length.isNumber {
            let wanted = machine.number(length)
            if wanted.isNegative || wanted.coefficient == 0 { return machine.substring(text, from: 0, to: 0) }
            // A fraction of a character doesn't count, but adds up with one in the start.
            let start = machine.number(machine.argument(arguments, 1))
            let sum = start.isNegative ? nil : (start + wanted).rounded(.down).integer
            end = min(
                count,
                sum
                    ?? (max(0, start.isNegative ? count + (start.integer ?? 0) : 0)
                        + (machine.integer(arguments, 2) ?? 0)))
        }
        if start >= end { return machine.substring(text, from: 0, to: 0) }
        let from = machine.byteOffset(text, start)
        return machine.substring(text, from: from, to: from + machine.byteCount(text, from: from, end - start))
    }

    private static func trim(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        if text.isUndefined { return text }
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        let utf8 = machine.utf8(text)
        var from = 0
        var to = utf8.count
        while from < to, isSpace(utf8[from]) { from += 1 }
        while to > from, isSpace(utf8[to - 1]) { to -= 1 }
        var isTidy = true
        for place in from..<to where isSpace(utf8[place]) {
            if utf8[place] != 0x20 || isSpace(utf8[place + 1]) { isTidy = false }
        }
        if isTidy { return machine.substring(text, from: from, to: to) }
        let offset = machine.tape.byteCount
        try machine.reserve(bytes: to - from)
        var pending = false
        for place in from..<to {
            let byte = machine.tape.bytes[text.offset + place]
            if isSpace(byte) {
                pending = true
                continue
            }
            if pending { machine.tape.appendReserved(byte: 0x20) }
            pending = false
            machine.tape.appendReserved(byte: byte)
        }
        return machine.closeText(from: offset)
    }

    private static func pad(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        guard !text.isUndefined, let width = machine.integer(arguments, 1) else { return text }
        let missing = Int(clamping: width.magnitude) - machine.characters(text)
        guard missing > 0 else { return text }
        var filler = machine.argument(arguments, 2)
        if !filler.isString || filler.length == 0 { filler = try machine.string(" ") }
        let count = machine.characters(filler)
        try machine.reserve(bytes: text.length + missing * 4)
        let offset = machine.tape.byteCount
        if width > 0 { try machine.append(bytes: text) }
        for _ in 0..<(missing / count) { try machine.append(bytes: filler) }
        let rest = machine.byteCount(filler, from: 0, missing % count)
        try machine.append(from: filler.offset, count: rest)
        if width < 0 { try machine.append(bytes: text) }
        return machine.closeText(from: offset)
    }
}

extension Machine {
    /// How many code points a string has.
    func characters(_ text: Value) -> Int {
        var count = 0
        for byte in utf8(text) where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// The byte where a code point begins.
    func byteOffset(_ text: Value, _ character: Int) -> Int { byteCount(text, from: 0, character) }

    /// How many bytes so many code points take from a byte on.
    func byteCount(_ text: Value, from: Int, _ characters: Int) -> Int {
        let utf8 = utf8(text)
        var left = characters
        var at = from
        while at < utf8.count {
            if utf8[at] & 0xC0 != 0x80 {
                if left == 0 { break }
                left -= 1
            }
            at += 1
        }
        return at - from
    }

    /// Where a string occurs in another one, in bytes.
    func find(_ needle: Value, in text: Value, from start: Int) -> Int? {
        guard needle.isString else { return nil }
        let own = utf8(needle)
        let all = utf8(text)
        guard own.count > 0 else { return start <= all.count ? start : nil }
        guard all.count >= own.count + start else { return nil }
        for at in start...(all.count - own.count) where all[at] == own[0] {
            var same = 1
            while same < own.count, all[at + same] == own[same] { same += 1 }
            if same == own.count { return at }
        }
        return nil
    }

    /// A string in other letters: ASCII in place, anything else by Unicode's rules.
    func recased(
        _ text: Value, _ letters: ClosedRange<UInt8>, _ unicode: (String) -> String
    ) throws(MappingFailure) -> Value {
        if text.isUndefined { return text }
        var changes = false
        for byte in utf8(text) {
            if byte >= 0x80 { return try string(unicode(self.text(text))) }
            if letters.contains(byte) { changes = true }
        }
        if !changes { return text }
        let offset = tape.byteCount
        try append(bytes: text)
        for place in offset..<tape.byteCount where letters.contains(tape.bytes[place]) { tape.bytes[place] ^= 0x20 }
        return closeText(from: offset)
    }
}
