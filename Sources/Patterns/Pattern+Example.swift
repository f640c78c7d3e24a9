extension Pattern {
    /// A text that the pattern matches, most likely: assertions such as `\b` are taken to hold where they stand. Whoever
    /// needs to be sure checks it with ``matches(_:)``.
    ///
    /// - Parameter choose: A number below the one it is given: which alternative, how many rounds, which character.
    public func example(choosing choose: (Int) -> Int) -> String {
        var parser = SyntaxParser(source, flags: flags)
        guard let tree = try? parser.parse() else { return "" }
        var text = String.UnicodeScalarView()
        tree.write(to: &text, choose)
        return String(text)
    }
}

extension Syntax {
    fileprivate func write(to text: inout String.UnicodeScalarView, _ choose: (Int) -> Int) {
        switch self {
        case .empty, .assertion: break
        case .scalar(let set): if let scalar = set.example(choose) { text.append(scalar) }
        case .sequence(let parts): for part in parts { part.write(to: &text, choose) }
        case .alternatives(let parts): parts[choose(parts.count)].write(to: &text, choose)
        case .group(let inner, _): inner.write(to: &text, choose)
        case .repeated(let inner, let min, let max, _, _):
            let rounds = min + choose((max.map { Swift.min($0, min + 3) } ?? min + 3) - min + 1)
            for _ in 0..<rounds where text.count < 4096 { inner.write(to: &text, choose) }
        }
    }
}

extension ScalarSet {
    /// A scalar of the set, one that can be read where there is one.
    fileprivate func example(_ choose: (Int) -> Int) -> Unicode.Scalar? {
        for readable in [UInt32(97)...122, 48...57, 65...90, 32...126] {
            let inside = readable.filter(contains)
            if !inside.isEmpty { return Unicode.Scalar(inside[choose(inside.count)]) }
        }
        return ranges.lazy.compactMap { Unicode.Scalar($0.lowerBound) ?? Unicode.Scalar($0.upperBound) }.first
    }
}
