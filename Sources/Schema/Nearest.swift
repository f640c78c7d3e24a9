extension String {
    /// The word that was meant, most likely: the nearest, where one is near. At most two letters differ, and fewer
    /// than half of the shorter word's.
    func nearest(of words: some Sequence<String>) -> String? {
        let own = Array(utf8)
        guard own.count <= 64 else { return nil }
        var best: (distance: Int, word: String)?
        for word in words where abs(word.utf8.count - own.count) <= 2 {
            let distance = Self.distance(own, Array(word.utf8))
            if distance > 2 || distance * 2 >= Swift.min(own.count, word.utf8.count) { continue }
            if let best, (best.distance, best.word) <= (distance, word) { continue }
            best = (distance, word)
        }
        return best?.word
    }

    /// Levenshtein's distance, where swapping two neighbours counts as two.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (place, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = place + 1
            for (column, other) in b.enumerated() {
                let above = row[column + 1]
                row[column + 1] = Swift.min(above + 1, row[column] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
