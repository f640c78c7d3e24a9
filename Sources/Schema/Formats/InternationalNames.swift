/// Host names beyond ASCII, as IDNA 2008 registers them (RFC 5890 to 5893).
enum InternationalName {
    /// Whether the text is a host name whose labels are U-labels, A-labels or plain ones. Unless told otherwise, the
    /// separators of RFC 3490 (ideographic and wide full stops) count as dots.
    static func fits(_ text: UnsafeBufferPointer<UInt8>, separators: Set<UInt32> = separators) -> Bool {
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
        let labels = scalars.split(omittingEmptySubsequences: false) { separators.contains($0) }
        var unicode: [[UInt32]] = []
        var length = labels.count - 1
        for label in labels {
            guard let decoded = decode(Array(label)), let size = encodedLength(decoded) else { return false }
            length += size
            unicode.append(decoded)
        }
        return length <= 253 && BidiRule.holds(for: unicode)
    }

    /// Whether the `xn--` labels among these, all of ASCII, stand for U-labels.
    static func hasValidALabels(_ labels: [Bytes]) -> Bool {
        var unicode: [[UInt32]] = []
        for label in labels {
            guard let decoded = decode(label.map(UInt32.init)) else { return false }
            unicode.append(decoded)
        }
        return BidiRule.holds(for: unicode)
    }

    static let separators: Set<UInt32> = [0x2E, 0x3002, 0xFF0E, 0xFF61]

    /// A label in Unicode; nil when it is none.
    private static func decode(_ label: [UInt32]) -> [UInt32]? {
        guard let first = label.first, let last = label.last, first != hyphen, last != hyphen else { return nil }
        if label.allSatisfy({ $0 < 128 }) {
            // What is plain is a host name's label: RFC 1123.
            let bytes = label.map { UInt8($0) | ($0 >= 65 && $0 <= 90 ? 32 : 0) }
            guard bytes.count <= 63, bytes.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x2D }) else { return nil }
            guard hasHyphensInThird(label) else { return bytes.map(UInt32.init) }
            guard bytes.starts(with: "xn--".utf8), let decoded = Punycode.decode(bytes.dropFirst(4)) else { return nil }
            // Only what the U-label encodes to is its A-label (RFC 5891, 5.4).
            guard decoded.contains(where: { $0 >= 128 }), !hasHyphensInThird(decoded), isULabel(decoded),
                Punycode.encode(decoded).elementsEqual(bytes.dropFirst(4))
            else { return nil }
            return decoded
        }
        return !hasHyphensInThird(label) && isULabel(label) ? label : nil
    }

    private static let hyphen: UInt32 = 0x2D

    /// RFC 5891, 4.2.3.1
    private static func hasHyphensInThird(_ label: [UInt32]) -> Bool {
        label.count >= 4 && label[2] == hyphen && label[3] == hyphen
    }

    /// The A-label's length, where it is no more than 63.
    private static func encodedLength(_ label: [UInt32]) -> Int? {
        let length = label.allSatisfy { $0 < 128 } ? label.count : 4 + Punycode.encode(label).count
        return length <= 63 ? length : nil
    }

    /// RFC 5891, 4.2: composed, begun by no mark, of characters that are allowed where they stand.
    private static func isULabel(_ label: [UInt32]) -> Bool {
        let scalars = label.compactMap(Unicode.Scalar.init)
        guard scalars.count == label.count, let first = scalars.first, let last = scalars.last else { return false }
        guard first != "-", last != "-", !isMark(first) else { return false }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        let string = String(text)
        guard string._nfcCodeUnits.elementsEqual(string.utf8) else { return false }
        return scalars.indices.allSatisfy { place in
            switch CodePointStatus(scalars[place]) {
            case .valid: true
            case .disallowed: false
            case .contextual: ContextRule.holds(at: place, in: scalars)
            }
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}

/// What RFC 5892 says of a code point, derived from its properties (section 3) so that it follows Unicode's versions.
enum CodePointStatus {
    case valid, contextual, disallowed

    init(_ scalar: Unicode.Scalar) {
        let properties = scalar.properties
        switch scalar.value {
        // 2.6, exceptions
        case 0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007: self = .valid
        case 0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, 0x660...0x669, 0x6F0...0x6F9: self = .contextual
        case 0x640, 0x7FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: self = .disallowed
        // 2.4 and 2.8: letters, digits and hyphen; joiners
        case 0x2D, 0x30...0x39, 0x61...0x7A: self = .valid
        case 0x200C, 0x200D: self = .contextual
        // 2.9, old Hangul; 2.7, blocks of marks and notes
        case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7C6, 0xD7CB...0xD7FB: self = .disallowed
        case 0x20D0...0x20FF, 0x1D100...0x1D24F: self = .disallowed
        default:
            // 2.2, unstable under normalisation and case; 2.3, ignorable
            if properties.changesWhenNFKCCaseFolded || properties.isDefaultIgnorableCodePoint
                || properties.isWhitespace || properties.isNoncharacterCodePoint
            {
                self = .disallowed
                return
            }
            switch properties.generalCategory {
            case .lowercaseLetter, .uppercaseLetter, .otherLetter, .modifierLetter, .decimalNumber, .nonspacingMark,
                .spacingMark:
                self = .valid
            default: self = .disallowed
            }
        }
    }
}

/// Characters that are allowed beside certain others only (RFC 5892, appendix A).
enum ContextRule {
    static func holds(at place: Int, in label: [Unicode.Scalar]) -> Bool {
        let before = place > 0 ? label[place - 1] : nil
        let after = place + 1 < label.count ? label[place + 1] : nil
        switch label[place].value {
        case 0x200C: return isVirama(before) || joins(around: place, in: label)
        case 0x200D: return isVirama(before)
        case 0xB7: return before == "l" && after == "l"
        case 0x375: return after.map { Script.greek.contains($0.value) } ?? false
        case 0x5F3, 0x5F4: return before.map { Script.hebrew.contains($0.value) } ?? false
        case 0x30FB:
            return label.contains {
                Script.hiragana.contains($0.value) || Script.katakana.contains($0.value)
                    || Script.han.contains($0.value)
            }
        case 0x660...0x669: return !label.contains { (0x6F0...0x6F9).contains($0.value) }
        case 0x6F0...0x6F9: return !label.contains { (0x660...0x669).contains($0.value) }
        default: return false
        }
    }

    private static func isVirama(_ scalar: Unicode.Scalar?) -> Bool {
        scalar?.properties.canonicalCombiningClass == .virama
    }

    /// A.1: a letter that joins to the left of it, one that joins to the right, marks between them left out.
    private static func joins(around place: Int, in label: [Unicode.Scalar]) -> Bool {
        let before = label[..<place].last { JoiningType($0) != .transparent }
        let after = label[(place + 1)...].first { JoiningType($0) != .transparent }
        guard let before, let after else { return false }
        return [.dual, .left].contains(JoiningType(before)) && [.dual, .right].contains(JoiningType(after))
    }
}

/// RFC 5893: labels that are written from right to left, and those beside them.
enum BidiRule {
    static func holds(for labels: [[UInt32]]) -> Bool {
        let classes = labels.map { $0.map(BidiClass.init) }
        let isRightToLeft = classes.map { $0.contains { $0 == .right || $0 == .arabicNumber } }
        guard isRightToLeft.contains(true) else { return true }
        return zip(classes, isRightToLeft).allSatisfy(holds)
    }

    private static func holds(_ label: [BidiClass], _ isRightToLeft: Bool) -> Bool {
        guard let first = label.first, first == .left || first == .right,
            let last = label.last(where: { $0 != .mark })
        else { return false }
        if isRightToLeft {
            let hasBothNumbers = label.contains(.number) && label.contains(.arabicNumber)
            return first == .right && !label.contains(.left) && !hasBothNumbers && last != .other
        }
        return first == .left && (last == .left || last == .number)
    }
}
