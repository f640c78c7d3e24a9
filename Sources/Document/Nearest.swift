extension String {
    /// The word that was meant, most likely: the nearest, where one is near; of two, the one that begins alike for
    /// longer. At most two letters differ, and half of the shorter word's.
    package func nearest(of words: some Sequence<String>) -> String? {
        let own = Array(utf8)
        guard own.count <= 64 else { return nil }
        var best: (distance: Int, apart: Int, word: String)?
        for word in words where abs(word.utf8.count - own.count) <= 2 {
            let distance = Self.distance(own, Array(word.utf8))
            if distance > 2 || distance * 2 > Swift.min(own.count, word.utf8.count) { continue }
            let apart = -zip(own, word.utf8).prefix { $0 == $1 }.count
            if let best, best <= (distance, apart, word) { continue }
            best = (distance, apart, word)
        }
        return best?.word
    }

    /// The same word in another case, else the nearest.
    package func meant(among words: [String]) -> String? {
        let own = lowercased()
        return words.first { $0.lowercased() == own } ?? nearest(of: words)
    }

    /// How many letters are wrong, missing or too many; two neighbours that changed places count as one (Damerau's
    /// distance, optimal string alignment).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var row = Array(0...b.count)
        for place in a.indices {
            var next = [place + 1]
            for column in b.indices {
                let replaced = row[column] + (a[place] == b[column] ? 0 : 1)
                var best = Swift.min(row[column + 1] + 1, next[column] + 1, replaced)
                let isSwapped = place > 0 && column > 0 && a[place] == b[column - 1] && a[place - 1] == b[column]
                if isSwapped { best = Swift.min(best, before[column - 1] + 1) }
                next.append(best)
            }
            (before, row) = (row, next)
        }
        return row[b.count]
    }
}
