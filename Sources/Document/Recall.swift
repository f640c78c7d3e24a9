/// What the parser recalls of earlier documents while it reads one: which names come next in the open object, and, where
/// they are others, which there were so far.
struct Recall {
    private let storage: UnsafeMutablePointer<TapeStorage>
    private var filters: NameFilters
    private var frames: UnsafeMutablePointer<LayoutFrame>
    private var frameCapacity: Int
    private let nowhere: UnsafeMutablePointer<LayoutPlace>

    /// The layout without names.
    private let none: UnsafeMutablePointer<Layout>
    /// The layout that the open object follows so far; the one without names in arrays and objects that follow none.
    private(set) var layout: UnsafeMutablePointer<Layout>
    /// The name that comes next.
    var next: UnsafeMutablePointer<LayoutName>
    /// The place of the open object, or of the objects in the open array.
    private var place: UnsafeMutablePointer<LayoutPlace>

    init(_ storage: UnsafeMutablePointer<TapeStorage>) {
        self.storage = storage
        filters = NameFilters(storage)
        none = Layouts.none
        layout = none
        next = Layout.names(of: none)
        place = storage.pointee.layouts.begin()
        nowhere = place + 1
        frames = storage.pointee.layouts.reserve(frames: 8)
        frameCapacity = storage.pointee.layouts.frameCapacity
    }

    /// Whether the open object follows a layout so far.
    @inline(__always)
    var isFollowing: Bool { layout != none }

    /// Goes into a container, out of one at this depth.
    @inline(__always)
    mutating func enter(_ depth: Int, isObject: Bool) {
        if depth >= frameCapacity { grow(depth) }
        frames[depth] = LayoutFrame(layout: layout, next: next, place: place)
        // In an object the place is the last name's; in an array, and around all, it is the same.
        if isObject { place = isFollowing ? LayoutName.inner(of: next - 1) : nowhere }
        layout = none
        next = Layout.names(of: layout)
    }

    @inline(never)
    private mutating func grow(_ depth: Int) {
        frames = storage.pointee.layouts.reserve(frames: depth * 2)
        frameCapacity = storage.pointee.layouts.frameCapacity
    }

    /// Begins an object at this depth, from 1.
    @inline(__always)
    mutating func begin(_ depth: Int) {
        layout = place.pointee.layout
        next = Layout.names(of: layout)
        if !isFollowing { filters.open(depth) }
    }

    /// Goes back to the container at this depth.
    @inline(__always)
    mutating func leave(_ depth: Int) {
        let frame = frames[depth]
        layout = frame.layout
        next = frame.next
        place = frame.place
    }

    /// Notes a name that isn't the next one: some may be left out, then the object still follows its layout.
    mutating func note(_ word: UInt64, _ depth: Int, object: Int, members: Int) {
        let bytes = storage.pointee.bytes
        if isFollowing {
            let end = Layout.names(of: layout) + layout.pointee.count
            while next < end {
                let name = next
                next += 1
                if name.pointee.isName(bytes + Word.offset(word), length: Word.length(word)) { return }
            }
            leaveLayout(depth, object, members)
        }
        filters.note(word, depth, bytes, object: object, members: members)
    }

    /// From here on the object's names are its own. Those so far differ from each other.
    private mutating func leaveLayout(_ depth: Int, _ object: Int, _ members: Int) {
        layout = none
        next = Layout.names(of: layout)
        filters.open(depth)
        let words = storage.pointee.words
        var index = object + 1
        for place in 0..<members {
            filters.note(words[index], depth, storage.pointee.bytes, object: object, members: place)
            index = Word.behind(index + 1, words)
        }
    }

    /// Ends an object that follows no layout: the offset of a name that was there before, if any. Else its names are learnt.
    @inline(never)
    mutating func twin(_ object: Int, _ members: Int, _ depth: Int) -> Int? {
        if members > 1, filters.isSuspect(depth), let twin = filters.twin(object, members) { return twin }
        if place != nowhere {
            storage.pointee.layouts.learn(
                place, storage.pointee.words, object: object, members: members, bytes: storage.pointee.bytes)
        }
        return nil
    }
}
