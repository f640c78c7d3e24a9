/// What the parser recalls of earlier documents while it reads one: which names come next in the open object, and, where
/// they are others, which there were so far.
struct Recall {
    private let storage: UnsafeMutablePointer<TapeStorage>
    private var filters: NameFilters
    /// The layout without names.
    private let none: UnsafeMutablePointer<Layout>
    /// A name that stands for any that isn't in a layout.
    private let anybody: UnsafeMutablePointer<LayoutName>
    /// The open containers, in memory of the tape: the first one is none, but what is around all.
    private var first: UnsafeMutablePointer<OpenContainer>
    private var last: UnsafeMutablePointer<OpenContainer>
    /// The innermost one.
    private(set) var open: UnsafeMutablePointer<OpenContainer>

    init(_ storage: UnsafeMutablePointer<TapeStorage>) {
        self.storage = storage
        filters = NameFilters(storage)
        none = Layouts.none
        let root = storage.pointee.layouts.begin()
        anybody = root + 1
        first = storage.pointee.layouts.reserve(containers: 16)
        last = first + (storage.pointee.layouts.containerCapacity - 1)
        open = first
        open.initialize(to: OpenContainer(index: 0, isObject: false, none, in: root))
    }

    /// How many are open.
    @inline(__always)
    var depth: Int { open - first }

    /// Whether the open object follows a layout so far.
    @inline(__always)
    var isFollowing: Bool { open.pointee.layout != none }

    /// Goes into a container, whose word has this index.
    @inline(__always)
    mutating func enter(_ index: Int, isObject: Bool) {
        if _slowPath(open == last) {
            var copy = self
            copy.grow()
            self = copy
        }
        let name = open.pointee.name
        open += 1
        if isObject {
            let layout = LayoutName.inner(of: name).pointee.layout
            open.initialize(to: OpenContainer(index: index, isObject: true, layout, in: anybody))
            if layout == none {
                var copy = filters
                copy.open(depth)
                filters = copy
            }
        } else {
            open.initialize(to: OpenContainer(index: index, isObject: false, none, in: name))
        }
    }

    @inline(never)
    private mutating func grow() {
        let depth = depth
        first = storage.pointee.layouts.reserve(containers: 2 * depth + 2)
        last = first + (storage.pointee.layouts.containerCapacity - 1)
        open = first + depth
    }

    /// Goes back to the container around.
    @inline(__always)
    mutating func leave() { open -= 1 }

    /// Notes a name that isn't the next one: some may be left out, then the object still follows its layout.
    @inline(never)
    mutating func note(_ word: UInt64) {
        let bytes = storage.pointee.bytes
        if isFollowing {
            let end = Layout.names(of: open.pointee.layout) + open.pointee.layout.pointee.count
            while open.pointee.next < end {
                let name = open.pointee.next
                open.pointee.next += 1
                open.pointee.name = name
                if name.pointee.isName(bytes + Word.offset(word), length: Word.length(word)) { return }
            }
            leaveLayout()
        }
        filters.note(word, depth, bytes, object: open.pointee.index, members: open.pointee.members)
    }

    /// From here on the object's names are its own. Those so far differ from each other.
    private mutating func leaveLayout() {
        open.pointee.layout = none
        open.pointee.name = anybody
        open.pointee.next = Layout.names(of: none)
        filters.open(depth)
        let words = storage.pointee.words
        let object = open.pointee.index
        var index = object + 1
        for place in 0..<open.pointee.members {
            filters.note(words[index], depth, storage.pointee.bytes, object: object, members: place)
            index = Word.behind(index + 1, words)
        }
    }

    /// Ends an object that follows no layout: the offset of a name that was there before, if any. Else its names are learnt.
    @inline(never)
    mutating func twin() -> Int? {
        let (object, members) = (open.pointee.index, open.pointee.members)
        if members > 1, filters.isSuspect(depth), let twin = filters.twin(object, members) { return twin }
        let holder = (open - 1).pointee.name
        if holder != anybody {
            storage.pointee.layouts.learn(
                LayoutName.inner(of: holder), storage.pointee.words, object: object, members: members,
                bytes: storage.pointee.bytes)
        }
        return nil
    }
}
