/// RFC 3492: Unicode in the letters, digits and hyphens of host names.
enum Punycode {
    /// The code points that a label's part behind `xn--` stands for; nil when it stands for none.
    static func decode(_ text: some BidirectionalCollection<UInt8>) -> [UInt32]? {
        let delimiter = text.lastIndex(of: UInt8(ascii: "-"))
        var output = delimiter.map { text[..<$0].map(UInt32.init) } ?? []
        var rest = Array(delimiter.map { text[text.index(after: $0)...] } ?? text[...])[...]
        guard !rest.isEmpty else { return nil }
        var scalar = 128
        var place = 0
        var bias = 72
        while !rest.isEmpty {
            let before = place
            var weight = 1
            var step = 36
            while true {
                guard let byte = rest.popFirst(), let digit = value(byte) else { return nil }
                place += digit * weight
                let threshold = min(max(step - bias, 1), 26)
                if digit < threshold { break }
                weight *= 36 - threshold
                step += 36
                guard weight < 1 << 32, place < 1 << 40 else { return nil }
            }
            let count = output.count + 1
            bias = adapted(place - before, count, isFirst: before == 0)
            scalar += place / count
            place %= count
            guard Unicode.Scalar(UInt32(clamping: scalar)) != nil else { return nil }
            output.insert(UInt32(scalar), at: place)
            place += 1
        }
        return output
    }

    /// What stands behind `xn--` for these code points.
    static func encode(_ scalars: [UInt32]) -> [UInt8] {
        var output = scalars.filter { $0 < 128 }.map { UInt8($0) }
        let basic = output.count
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var next: UInt32 = 128
        var delta = 0
        var bias = 72
        var done = basic
        while done < scalars.count {
            guard let lowest = scalars.filter({ $0 >= next }).min() else { break }
            delta += Int(lowest - next) * (done + 1)
            next = lowest
            for scalar in scalars {
                if scalar < next { delta += 1 }
                guard scalar == next else { continue }
                append(delta, bias, &output)
                bias = adapted(delta, done + 1, isFirst: done == basic)
                delta = 0
                done += 1
            }
            delta += 1
            next += 1
        }
        return output
    }

    private static func append(_ delta: Int, _ bias: Int, _ output: inout [UInt8]) {
        var rest = delta
        var step = 36
        while true {
            let threshold = min(max(step - bias, 1), 26)
            if rest < threshold { break }
            output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            step += 36
        }
        output.append(digit(rest))
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 26 ? value + 97 : value + 22) }

    private static func value(_ byte: UInt8) -> Int? {
        byte.isLetter ? Int(byte | 32) - 97 : byte.isDigit ? Int(byte) - 22 : nil
    }

    private static func adapted(_ delta: Int, _ length: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / length
        var steps = 0
        while delta > 455 {
            delta /= 35
            steps += 36
        }
        return steps + 36 * delta / (delta + 38)
    }
}
