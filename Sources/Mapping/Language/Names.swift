/// A name that a mapping looks up, as the evaluator compares it: its length, its first eight bytes and its last eight tell
/// nearly all names apart; their pool has the rest.
struct Name: BitwiseCopyable {
    /// Where its bytes lie in the pool.
    var offset: Int32
    var length: Int32
    /// The first eight bytes, and the last eight; shorter names are filled up with zeros.
    var head: UInt64
    var tail: UInt64
    /// The shape's next name with the same hash, counted from the shape's first; -1 for none.
    var next: Int32 = -1

    init(_ bytes: some Collection<UInt8>, offset: Int) {
        self.offset = Int32(offset)
        length = Int32(bytes.count)
        head = Self.word(bytes.prefix(8))
        tail = Self.word(bytes.suffix(8))
    }

    /// The first eight bytes and the last eight of a text; behind it there are eight to spare.
    @inline(__always)
    static func ends(of text: UnsafeRawPointer, _ length: Int) -> (head: UInt64, tail: UInt64) {
        let head = text.loadUnaligned(as: UInt64.self)
        if length >= 8 {
            return (head, text.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self))
        }
        let short = head & ((1 &<< UInt64(truncatingIfNeeded: length &* 8)) &- 1)
        return (short, short)
    }

    private static func word(_ bytes: some Collection<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for (place, byte) in bytes.enumerated() { word |= UInt64(byte) << (8 * place) }
        return word
    }

    /// A hash's multiplier and shift are the shape's own: they keep its names apart.
    @inline(__always)
    static func bucket(_ head: UInt64, _ tail: UInt64, _ multiplier: UInt64, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: ((head ^ (tail << 21 | tail >> 43)) &* multiplier) &>> shift)
    }
}

/// The names that are looked up in objects at one place of a mapping, so that one pass over an object finds them all.
///
/// Which lookups share a shape is a matter of speed alone: what is found is remembered for the object it was found in.
struct Shape: BitwiseCopyable {
    /// Its names in the program's table; each has the slot of the same number.
    var first: Int32
    var count: Int32
    /// Where its hash table begins: numbers of names from `first` on, or -1.
    var table: Int32
    var multiplier: UInt64 = 0
    var shift: UInt64 = 63
}

/// A lookup: a shape, and the name's slot.
struct Access: BitwiseCopyable {
    var shape: Int32
    var slot: Int32
}

/// Gathers names into shapes while compiling.
struct ShapeBuilder {
    /// A context that lookups are made in: the same object for all of them, most likely.
    final class Scope {
        fileprivate var names: [Name] = []
        fileprivate var inner: [String: Scope] = [:]
        fileprivate var number: Int32 = -1
    }

    private var scopes: [Scope] = []
    private var accesses: [(scope: Scope, place: Int)] = []

    /// Notes the lookup of a name, whose bytes lie in the pool at an offset; answers the access's number.
    mutating func access(_ name: String, at offset: Int, in scope: Scope) -> Int32 {
        if scope.number < 0 {
            scope.number = Int32(scopes.count)
            scopes.append(scope)
        }
        // Equal names have one place in the pool.
        var place = scope.names.firstIndex { $0.offset == offset && $0.length == name.utf8.count }
        if place == nil {
            place = scope.names.count
            scope.names.append(Name(Array(name.utf8), offset: offset))
        }
        accesses.append((scope, place!))
        return Int32(accesses.count - 1)
    }

    /// The scope of what a name gives.
    func scope(of name: String, in scope: Scope) -> Scope {
        if let known = scope.inner[name] { return known }
        let inner = Scope()
        scope.inner[name] = inner
        return inner
    }

    /// Writes the tables into a program.
    func finish(_ program: inout Program) {
        for scope in scopes {
            let first = Int32(program.names.count)
            program.names += scope.names
            program.shapes.append(Self.hashed(Shape(first: first, count: Int32(scope.names.count), table: 0), &program))
        }
        for (scope, place) in accesses {
            let shape = program.shapes[Int(scope.number)]
            program.accesses.append(Access(shape: scope.number, slot: shape.first + Int32(place)))
        }
        for place in program.pairs.indices where program.pairs[place].access >= 0 {
            program.pairs[place].first = program.accesses[Int(program.pairs[place].access)]
        }
    }

    /// Gives a shape its hash table: of several multipliers the one that keeps the names apart best.
    private static func hashed(_ shape: Shape, _ program: inout Program) -> Shape {
        var shape = shape
        let names = program.names[Int(shape.first)...]
        var bits: UInt64 = 1
        while 1 << bits < 2 * names.count { bits += 1 }
        shape.shift = 64 - bits
        var fewest = Int.max
        var multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<64 where fewest > 0 {
            var used = Set<Int>()
            for name in names { used.insert(Name.bucket(name.head, name.tail, multiplier, shape.shift)) }
            if names.count - used.count < fewest {
                fewest = names.count - used.count
                shape.multiplier = multiplier
            }
            multiplier = (multiplier &* 0xD134_2543_DE82_EF95 &+ 0x2545_F491_4F6C_DD1D) | 1
        }
        shape.table = Int32(program.buckets.count)
        var table = [Int32](repeating: -1, count: 1 << bits)
        for place in names.indices {
            let name = program.names[place]
            let bucket = Name.bucket(name.head, name.tail, shape.multiplier, shape.shift)
            program.names[place].next = table[bucket]
            table[bucket] = Int32(place) - shape.first
        }
        program.buckets += table
        return shape
    }
}
