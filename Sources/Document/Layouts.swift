/// The layouts of a tape. Memory comes with the first document, and with the first layout.
@usableFromInline
struct Layouts {
    /// By number, from 1.
    @usableFromInline var all: UnsafeMutablePointer<UnsafeMutablePointer<Layout>>?
    private var count = 1
    /// Two names that nothing has: in the value of the first one all stands; the other one stands for any name that isn't in
    /// a layout.
    private var names: UnsafeMutablePointer<LayoutName>?
    /// The parser's open containers.
    private var containers: UnsafeMutablePointer<OpenContainer>?
    private(set) var containerCapacity = 0

    /// The layout without names.
    nonisolated(unsafe) static let none = Layout.make(number: 0, [])

    func free() {
        forget()
        all?.deallocate()
        names?.deallocate()
        containers?.deallocate()
    }

    private func forget() {
        guard let all else { return }
        for number in 1..<count { Layout.free(all[number]) }
    }

    /// Makes room for so many open containers, keeping what is there; answers them.
    mutating func reserve(containers wanted: Int) -> UnsafeMutablePointer<OpenContainer> {
        if let containers, wanted <= containerCapacity { return containers }
        let grown = UnsafeMutablePointer<OpenContainer>.allocate(capacity: wanted)
        if let containers {
            grown.update(from: containers, count: containerCapacity)
            containers.deallocate()
        }
        containers = grown
        containerCapacity = wanted
        return grown
    }

    /// Begins a document: when there is no room for more layouts, all are forgotten. Not earlier: words hold their numbers.
    /// Answers the two names.
    mutating func begin() -> UnsafeMutablePointer<LayoutName> {
        let names = names ?? .allocate(capacity: 2)
        if self.names == nil { names.initialize(repeating: Layout.names(of: Self.none).pointee, count: 2) }
        self.names = names
        if count == Layout.mostLayouts {
            forget()
            count = 1
            names.pointee.inner = LayoutPlace(layout: Self.none)
        }
        return names
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

/// A container that isn't closed yet, as the parser knows it.
struct OpenContainer: BitwiseCopyable {
    /// Where its word lies.
    let index: Int
    var members = 0
    /// The layout that the object follows so far; for an array, and for an object that follows none, the one without names.
    var layout: UnsafeMutablePointer<Layout>
    /// The latest member's name; in an array that in whose value it stands.
    var name: UnsafeMutablePointer<LayoutName>
    /// The name that comes next.
    var next: UnsafeMutablePointer<LayoutName>
    let isObject: Bool

    @inline(__always)
    init(
        index: Int, isObject: Bool, _ layout: UnsafeMutablePointer<Layout>,
        in name: UnsafeMutablePointer<LayoutName>
    ) {
        self.index = index
        self.isObject = isObject
        self.layout = layout
        self.name = name
        next = Layout.names(of: layout)
    }
}
