/// Ranges of code points, written in hexadecimal: `61-7A AA`.
struct CodePoints: Sendable {
    private let ranges: [ClosedRange<UInt32>]

    init(_ text: String) {
        ranges = text.split(separator: " ").compactMap { part in
            let bounds = part.split(separator: "-").compactMap { UInt32($0, radix: 16) }
            return bounds.first.map { $0...(bounds.last ?? $0) }
        }
    }

    func contains(_ value: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= value
    }
}

/// The scripts that rules on host names ask for (Unicode, Scripts.txt).
enum Script {
    static let greek = CodePoints(
        "370-373 375-377 37A-37D 37F 384 386 388-38A 38C 38E-3A1 3A3-3E1 3F0-3FF 1D26-1D2A 1D5D-1D61 1D66-1D6A 1DBF "
            + "1F00-1FFE 2126 AB65 10140-1018E 101A0 1D200-1D245")
    static let hebrew = CodePoints("591-5C7 5D0-5EA 5EF-5F4 FB1D-FB4F")
    static let hiragana = CodePoints("3041-3096 309D-309F 1B001-1B11F 1B132 1B150-1B152 1F200")
    static let katakana = CodePoints(
        "30A1-30FA 30FD-30FF 31F0-31FF 32D0-32FE 3300-3357 FF66-FF6F FF71-FF9D 1AFF0-1AFFE 1B000 1B120-1B122 1B155 "
            + "1B164-1B167")
    static let han = CodePoints(
        "2E80-2E99 2E9B-2EF3 2F00-2FD5 3005 3007 3021-3029 3038-303B 3400-4DBF 4E00-9FFF F900-FA6D FA70-FAD9 "
            + "16FE2-16FE3 16FF0-16FF6 20000-2A6DF 2A700-2EBE0 2EBF0-2EE5D 2F800-2FA1D 30000-33479")
}

/// How a letter joins its neighbours (Unicode, DerivedJoiningType.txt); what is listed nowhere doesn't.
enum JoiningType {
    case transparent, dual, right, left, none

    init(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: self = .transparent
        case .format: self = scalar.value == 0x200C || scalar.value == 0x200D ? .none : .transparent
        default:
            let value = scalar.value
            self =
                Self.duals.contains(value)
                ? .dual
                : Self.rights.contains(value)
                    ? .right
                    : Self.lefts.contains(value) ? .left : .none
        }
    }

    private static let duals = CodePoints(
        "620 626 628 62A-62E 633-63F 641-647 649-64A 66E-66F 678-687 69A-6BF 6C1-6C2 6CC 6CE 6D0-6D1 6FA-6FC 6FF "
            + "712-714 71A-71D 71F-727 729 72B 72D-72E 74E-758 75C-76A 76D-770 772 775-777 77A-77F 7CA-7EA 841-845 848 "
            + "84A-853 855 860 862-865 868 886 889-88D 88F 8A0-8A9 8AF-8B0 8B3-8B8 8BA-8C8 1807 1820-1878 1887-18A8 18AA "
            + "A840-A871 10AC0-10AC4 10AD3-10AD6 10AD8-10ADC 10ADE-10AE0 10AEB-10AEE 10B80 10B82 10B86-10B88 "
            + "10B8A-10B8B 10B8D 10B90 10BAD-10BAE 10D01-10D21 10D23 10F30-10F32 10F34-10F44 10F51-10F53 10F70-10F73 "
            + "10F76-10F81 10FB0 10FB2-10FB3 10FB8 10FBB-10FBC 10FBE-10FBF 10FC1 10FC4 10FCA 1E900-1E943")
    private static let rights = CodePoints(
        "622-625 627 629 62F-632 648 671-673 675-677 688-699 6C0 6C3-6CB 6CD 6CF 6D2-6D3 6D5 6EE-6EF 710 715-719 71E "
            + "728 72A 72C 72F 74D 759-75B 76B-76C 771 773-774 778-779 840 846-847 849 854 856-858 867 869-86A 870-882 "
            + "88E 8AA-8AC 8AE 8B1-8B2 8B9 10AC5 10AC7 10AC9-10ACA 10ACE-10AD2 10ADD 10AE1 10AE4 10AEF 10B81 "
            + "10B83-10B85 10B89 10B8C 10B8E-10B8F 10B91 10BA9-10BAC 10D22 10F33 10F54 10F74-10F75 10FB4-10FB6 "
            + "10FB9-10FBA 10FBD 10FC2-10FC3 10FC9")
    private static let lefts = CodePoints("A872 10ACD 10AD7 10D00 10FCB")
}

/// In which direction a character is written, as far as host names tell: of their characters only (Unicode,
/// DerivedBidiClass.txt, whose scripts from right to left lie in blocks of their own).
enum BidiClass {
    /// L; R and AL; EN; AN; NSM; and all that has no direction.
    case left, right, number, arabicNumber, mark, other

    init(_ value: UInt32) {
        switch value {
        case 0x30...0x39, 0x6F0...0x6F9: self = .number
        case 0x660...0x669, 0x10D30...0x10D39, 0x10D40...0x10D49: self = .arabicNumber
        case 0x2D, 0xB7, 0x375, 0x30FB, 0x200C, 0x200D: self = .other
        // Modifier letters without a direction.
        case 0x2B9, 0x2BA, 0x2C6...0x2CF, 0x2EC, 0xA717...0xA71F, 0xA788: self = .other
        default:
            let category = Unicode.Scalar(value)?.properties.generalCategory
            if category == .nonspacingMark || category == .enclosingMark {
                self = .mark
            } else {
                switch value {
                case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
                    self = .right
                default: self = .left
                }
            }
        }
    }
}
