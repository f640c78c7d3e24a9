/// Writes an EDIFACT interchange (ISO 9735, syntax version 3) with separators of the sender's own choice, in Latin-1
/// (UNOC), and each segment on a line of its own.
///
/// Written for the demonstration alone: had it shared code with the reader, an error in both would cancel itself out.
struct EDIFACTText {
    /// The separators that UNA announces, in its order.
    struct Separators {
        let component: Character
        let element: Character
        let decimal: Character
        let release: Character
        let terminator: Character
    }

    let separators: Separators
    private var text: String
    /// Segments since UNH, itself included, which UNT must tell.
    private var segmentsOfMessage = 0

    init(_ separators: Separators) {
        self.separators = separators
        text = "UNA"
        text.append(separators.component)
        text.append(separators.element)
        text.append(separators.decimal)
        text.append(separators.release)
        text.append(" ")
        text.append(separators.terminator)
        text += "\r\n"
    }

    /// Adds a segment: its tag and its elements, each a list of components.
    mutating func segment(_ tag: String, _ elements: [String]...) {
        segmentsOfMessage = tag == "UNH" ? 1 : segmentsOfMessage + 1
        text += tag
        for element in elements {
            text.append(separators.element)
            text += element.map(released).joined(separator: String(separators.component))
        }
        text.append(separators.terminator)
        text += "\r\n"
    }

    /// Ends the message: UNT with the number of its segments.
    mutating func endMessage(_ reference: String) {
        segment("UNT", [String(segmentsOfMessage + 1)], [reference])
    }

    /// The interchange's bytes.
    var bytes: [UInt8] {
        text.unicodeScalars.map { $0.value < 0x100 ? UInt8($0.value) : UInt8(ascii: "?") }
    }

    /// A decimal number with the decimal mark that UNA announces.
    func decimal(_ number: String) -> String { number.replacing(".", with: String(separators.decimal)) }

    private func released(_ component: String) -> String {
        var released = ""
        for character in component {
            switch character {
            case separators.component, separators.element, separators.release, separators.terminator:
                released.append(separators.release)
            default: break
            }
            released.append(character)
        }
        return released
    }
}
