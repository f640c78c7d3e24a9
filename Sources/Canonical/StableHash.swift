/// A hash of an id that is the same everywhere and for ever (FNV-1a, 64 bits).
public func stableHash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { stableHash($0) }
}

/// The same of UTF-8.
public func stableHash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
}
