import Document

/// Builds a message's document while its segments come by.
///
/// A segment is an object of its components. Segments of one tag in one group are an array. The segment that opens a
/// group holds the group's other segments, each tag an array.
struct EDIFACTTree {
    /// How a segment found its place.
    enum Fit {
        case inOrder
        /// Behind what ought to follow it, in a group whose opening segment is missing, or in no group of the diagram.
        case elsewhere
    }

    /// An open group.
    private struct Frame {
        var group: Int
        /// The entry of the last segment; what follows in order is not before it.
        var cursor = 0
        var members: [(key: Node, value: Node)] = []
        var children: [(tag: EDIFACTTag, nodes: [Node])] = []

        mutating func add(_ node: Node, _ tag: EDIFACTTag) {
            if let place = children.lastIndex(where: { $0.tag == tag }) {
                children[place].nodes.append(node)
            } else {
                children.append((tag, [node]))
            }
        }
    }

    private let diagram: EDIFACTGroups
    private var frames: [Frame]
    /// The tags of the open groups below the message.
    private var tags: [EDIFACTTag] = []

    /// A message with members of its own.
    init(_ diagram: EDIFACTGroups, _ members: [(key: Node, value: Node)]) {
        self.diagram = diagram
        frames = [Frame(group: 0, members: members)]
    }

    /// Adds a segment.
    mutating func add(
        _ tag: EDIFACTTag, _ members: [(key: Node, value: Node)], on tape: inout Tape
    ) -> Fit {
        for (depth, frame) in frames.enumerated().reversed() {
            if let place = diagram.find(tag, in: frame.group, from: frame.cursor) {
                put(tag, members, at: place, in: depth, on: &tape)
                return .inOrder
            }
        }
        for (depth, frame) in frames.enumerated().reversed() {
            if let place = diagram.find(tag, in: frame.group, from: 0) {
                put(tag, members, at: place, in: depth, on: &tape)
                return .elsewhere
            }
        }
        for depth in frames.indices.reversed() {
            guard let way = diagram.descend(to: tag, from: frames[depth].group) else { continue }
            close(to: depth, on: &tape)
            for place in way.dropLast() { open(place, [], on: &tape) }
            put(tag, members, at: way.last!, in: frames.count - 1, on: &tape)
            return .elsewhere
        }
        frames[frames.count - 1].add(tape.append(object: members), tag)
        return diagram.groups.count == 1 && diagram.groups[0].isEmpty ? .inOrder : .elsewhere
    }

    private mutating func put(
        _ tag: EDIFACTTag, _ members: [(key: Node, value: Node)], at place: Int, in depth: Int, on tape: inout Tape
    ) {
        close(to: depth, on: &tape)
        if diagram.groups[frames[depth].group][place].group != nil {
            open(place, members, on: &tape)
        } else {
            frames[depth].cursor = place
            frames[depth].add(tape.append(object: members), tag)
        }
    }

    private mutating func open(_ place: Int, _ members: [(key: Node, value: Node)], on tape: inout Tape) {
        let depth = frames.count - 1
        let entry = diagram.groups[frames[depth].group][place]
        frames[depth].cursor = place
        frames.append(Frame(group: entry.group!, members: members))
        tags.append(entry.tag)
    }

    /// Closes the groups below a depth.
    private mutating func close(to depth: Int, on tape: inout Tape) {
        while frames.count - 1 > depth {
            let node = Self.node(frames.removeLast(), on: &tape)
            frames[frames.count - 1].add(node, tags.removeLast())
        }
    }

    private static func node(_ frame: Frame, on tape: inout Tape) -> Node {
        var members = frame.members
        for child in frame.children {
            let key = child.tag.bytes.withUnsafeBufferPointer { tape.append(utf8: $0) }
            members.append((key, tape.append(array: child.nodes)))
        }
        return tape.append(object: members)
    }

    /// Closes all; answers the document.
    mutating func finish(on tape: inout Tape) -> Node {
        close(to: 0, on: &tape)
        return Self.node(frames[0], on: &tape)
    }
}
