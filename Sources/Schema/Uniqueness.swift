import Document

extension Node {
    /// The positions of two items of an array that are equal as JSON has it; nil when all differ.
    var firstTwin: (Int, Int)? {
        let count = count
        guard count > 1 else { return nil }
        if count <= 32 { return firstTwinByComparing }
        var places: [Int: [(position: Int, node: Node)]] = [:]
        places.reserveCapacity(count)
        var position = 0
        for element in elements {
            let hash = element.valueHash
            for earlier in places[hash] ?? [] where earlier.node.equals(element) { return (earlier.position, position) }
            places[hash, default: []].append((position, element))
            position += 1
        }
        return nil
    }

    private var firstTwinByComparing: (Int, Int)? {
        var position = 0
        for element in elements {
            let isString = element.kind == .string
            var earlier = 0
            for other in elements {
                if earlier == position { break }
                // Labels and codes: compared here, without a call.
                let isTwin =
                    isString ? other.kind == .string && other.has(utf8: element.utf8) : other.equals(element)
                if isTwin { return (earlier, position) }
                earlier += 1
            }
            position += 1
        }
        return nil
    }

    /// A hash that agrees with `equals`, seeded anew in each process: hostile documents can't aim at collisions.
    private var valueHash: Int {
        var hasher = Hasher()
        switch kind {
        case .null, .link, .false, .true: hasher.combine(kind)
        case .string: hasher.combine(bytes: UnsafeRawBufferPointer(utf8))
        case .number: hasher.combine(number)
        case .array: for element in elements { hasher.combine(element.valueHash) }
        case .object:
            var sum = 0
            for (key, value) in members {
                var pair = Hasher()
                pair.combine(key.valueHash)
                pair.combine(value.valueHash)
                sum &+= pair.finalize()
            }
            hasher.combine(sum)
        }
        return hasher.finalize()
    }
}
