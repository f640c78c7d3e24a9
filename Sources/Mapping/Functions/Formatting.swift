import Document

/// Numbers as people write them.
enum Formatting {
    static let functions: [Function] = [
        Function(
            "formatNumber", "<n-so?:s>", "A number after a picture: `#,##0.00`; options change the symbols.",
            examples: [
                .init("$formatNumber(12345.6, \"#,###.00\")", #""12,345.60""#),
                .init("$formatNumber(0.14, \"01%\")", #""14%""#),
                .init("$formatNumber(-5, \"#0;(#0)\")", #""(5)""#),
                .init(
                    "$formatNumber(1234.5, \"#.##0,00\", {\"decimal-separator\": \",\", \"grouping-separator\": \".\"})",
                    #""1.234,50""#),
            ], formatNumber),
        Function(
            "formatInteger", "<n-s:s>", "An integer after a picture: `000`, `#,##0`, `w` for words, `I` for Roman.",
            examples: [
                .init("$formatInteger(7, \"000\")", #""007""#),
                .init("$formatInteger(2789, \"w\")", #""two thousand, seven hundred and eighty-nine""#),
                .init("$formatInteger(1999, \"I\")", #""MCMXCIX""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let picture = try machine.integerPicture(machine.argument(arguments, 1))
            let whole = machine.number(value).rounded(.down)
            return try machine.string(try machine.checked { () throws(PictureError) in try picture.format(whole) })
        },
        Function(
            "parseInteger", "<s-s:n>", "The integer that a text after a picture means.",
            examples: [
                .init("$parseInteger(\"12,345\", \"#,##0\")", "12345"),
                .init("$parseInteger(\"MCMXCIX\", \"I\")", "1999"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let picture = try machine.integerPicture(machine.argument(arguments, 1))
            guard let number = picture.parse(machine.text(value)) else {
                throw machine.failure("U2008", "$parseInteger was given a string that does not follow the picture")
            }
            return try machine.value(number)
        },
    ]

    private static func formatNumber(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let value = machine.argument(arguments, 0)
        if value.isUndefined { return value }
        var symbols = NumberPicture.Symbols()
        let options = machine.argument(arguments, 2)
        if machine.isObject(options) {
            let index = machine.container(options)
            var cursor = index + 1
            for _ in 0..<machine.count(at: index) {
                let name = machine.text(Value(bits: machine.tape[cursor]))
                let setting = machine.value(at: cursor + 1)
                cursor = machine.next(cursor + 1)
                guard setting.isString, symbols.set(name, machine.text(setting)) else {
                    throw machine.failure("U2008", "$formatNumber has no such option")
                }
            }
        }
        let text = machine.argument(arguments, 1)
        let picture = try machine.numberPicture(text.isString ? machine.text(text) : "#", symbols)
        return try machine.string(picture.format(machine.number(value)))
    }
}

/// Pictures that were read before: analysing one costs far more than using it.
struct PictureCache {
    struct NumberKey: Hashable {
        var picture: String
        var symbols: NumberPicture.Symbols
    }

    var integers: [String: IntegerPicture] = [:]
    var numbers: [NumberKey: NumberPicture] = [:]
    var dates: [String: DatePicture] = [:]
    var readers: [String: DateReader] = [:]

    /// Mappings use few pictures; ones that are computed must not pile up.
    mutating func bound() {
        if integers.count + numbers.count + dates.count + readers.count > 256 { self = PictureCache() }
    }
}

extension Machine {
    /// Turns a picture's error into the mapping's.
    func checked<Result>(_ body: () throws(PictureError) -> Result) throws(MappingFailure) -> Result {
        do throws(PictureError) { return try body() } catch { throw failure(error.code, error.message) }
    }

    /// Reading a picture takes its length squared, which no count of steps sees: longer ones are refused.
    private func picture(_ text: String) throws(MappingFailure) -> String {
        guard text.utf8.count <= 4096 else { throw failure("U2008", "a picture has 4096 bytes at most") }
        return text
    }

    mutating func integerPicture(_ value: Value) throws(MappingFailure) -> IntegerPicture {
        let text = value.isString ? text(value) : "0"
        if let known = pictures.integers[text] { return known }
        let own = try picture(text)
        let picture = try checked { () throws(PictureError) in try IntegerPicture(own) }
        pictures.bound()
        pictures.integers[text] = picture
        return picture
    }

    mutating func numberPicture(
        _ text: String, _ symbols: NumberPicture.Symbols
    ) throws(MappingFailure) -> NumberPicture {
        let key = PictureCache.NumberKey(picture: text, symbols: symbols)
        if let known = pictures.numbers[key] { return known }
        let own = try picture(text)
        let picture = try checked { () throws(PictureError) in try NumberPicture(own, symbols) }
        pictures.bound()
        pictures.numbers[key] = picture
        return picture
    }

    mutating func datePicture(_ text: String) throws(MappingFailure) -> DatePicture {
        if let known = pictures.dates[text] { return known }
        let own = try picture(text)
        let picture = try checked { () throws(PictureError) in try DatePicture(own) }
        pictures.bound()
        pictures.dates[text] = picture
        return picture
    }

    mutating func dateReader(_ text: String) throws(MappingFailure) -> DateReader {
        if let known = pictures.readers[text] { return known }
        let picture = try datePicture(text)
        let reader = try checked { () throws(PictureError) in try DateReader(picture) }
        pictures.readers[text] = reader
        return reader
    }
}
