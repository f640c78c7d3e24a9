/// The layouts of a tape. Memory comes with the first document, and with the first layout.
@usableFromInline
struct Layouts {
    /// By number, from 1.
    @usableFromInline var all: UnsafeMutablePointer<UnsafeMutablePointer<Layout>>?
    private var count = 1
    /// Two places: the root's, and that of objects in objects without layout, where nothing is learnt.
    private var places: UnsafeMutablePointer<LayoutPlace>?
    /// For each open container the state of the one around it.
    private var frames: UnsafeMutablePointer<LayoutFrame>?
    private(set) var frameCapacity = 0

    /// The layout without names.
    nonisolated(unsafe) static let none = Layout.make(number: 0, [])

    func free() {
        forget()
        all?.deallocate()
        places?.deallocate()
        frames?.deallocate()
    }

    private func forget() {
        guard let all else { return }
        for number in 1..<count { Layout.free(all[number]) }
    }

    /// Makes room for so many open containers, keeping what is there; answers the frames.
    mutating func reserve(frames wanted: Int) -> UnsafeMutablePointer<LayoutFrame> {
        if let frames, wanted <= frameCapacity { return frames }
        let grown = UnsafeMutablePointer<LayoutFrame>.allocate(capacity: wanted)
        if let frames {
            grown.update(from: frames, count: frameCapacity)
            frames.deallocate()
        }
        frames = grown
        frameCapacity = wanted
        return grown
    }

    /// Begins a document: when there is no room for more layouts, all are forgotten. Not earlier: words hold their numbers.
    /// Answers the two places: the root's and nowhere.
    mutating func begin() -> UnsafeMutablePointer<LayoutPlace> {
        let places = places ?? .allocate(capacity: 2)
        if self.places == nil { places.initialize(repeating: LayoutPlace(layout: Self.none), count: 2) }
        self.places = places
        if count == Layout.mostLayouts {
            forget()
            count = 1
            places.pointee = LayoutPlace(layout: Self.none)
        }
        return places
    }

    /// Learns the names of an object at a place, whose layout (if there was one) it did not follow.
    @inline(never)
    mutating func learn(
        _ place: UnsafeMutablePointer<LayoutPlace>, _ words: UnsafePointer<UInt64>, object: Int, members: Int,
        bytes: UnsafePointer<UInt8>
    ) {
        guard members > 0, members <= Layout.mostNames, count < Layout.mostLayouts else { return }
        if place.pointee.layout != Self.none {
            place.pointee.layout.pointee.misses += 1
            guard place.pointee.layout.pointee.misses >= Layout.patience else { return }
        } else if !place.pointee.wasSeen {
            place.pointee.wasSeen = true
            return
        }
        var names: [UnsafeBufferPointer<UInt8>] = []
        var index = object + 1
        for _ in 0..<members {
            let word = words[index]
            let length = Word.length(word)
            // In quotes it would not stand as it is.
            guard length <= Layout.longestName, word & Word.flag == 0 else { return }
            names.append(UnsafeBufferPointer(start: bytes + Word.offset(word), count: length))
            index = Word.behind(index + 1, words)
        }
        let all = all ?? .allocate(capacity: Layout.mostLayouts)
        self.all = all
        all[count] = Layout.make(number: count, names)
        place.pointee.layout = all[count]
        count += 1
    }
}

/// What the parser knows of a container while another one in it is open.
struct LayoutFrame {
    /// The layout that the object follows; for an array, and for an object that left its layout, the one without names.
    let layout: UnsafeMutablePointer<Layout>
    /// The name that comes next.
    let next: UnsafeMutablePointer<LayoutName>
    /// The place of the object, or of the objects in the array.
    let place: UnsafeMutablePointer<LayoutPlace>
}
