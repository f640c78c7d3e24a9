import CExpat

/// The encodings beside those that Expat knows itself: those of one byte a character, through glibc's iconv.
enum XMLEncodings {
    /// Whether documents in this encoding can be read.
    static func isKnown(_ name: String) -> Bool {
        let name = name.uppercased()
        return ["UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII"].contains(name) || isSingleByte(name)
    }

    private static func isSingleByte(_ name: String) -> Bool {
        name.uppercased().hasPrefix("ISO-8859-") || name.uppercased().hasPrefix("WINDOWS-125")
    }

    /// Tells Expat the characters of an encoding; false when it isn't known.
    static func describe(_ name: String, to encoding: UnsafeMutablePointer<XML_Encoding>) -> Bool {
        guard isSingleByte(name) else { return false }
        let iconvName = name.uppercased().replacing("WINDOWS-", with: "CP")
        guard let table = SingleByteTable(iconvName: iconvName) else { return false }
        withUnsafeMutableBytes(of: &encoding.pointee.map) { map in
            let map = map.bindMemory(to: CInt.self)
            for byte in 0...255 { map[byte] = table.scalar(UInt8(byte)).map { CInt($0.value) } ?? -1 }
        }
        encoding.pointee.data = nil
        encoding.pointee.convert = nil
        encoding.pointee.release = nil
        return true
    }
}
