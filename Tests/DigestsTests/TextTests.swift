import Digests
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `Base64 gives RFC 4648's texts, both ways`(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test func `Base64 of every byte and every length comes back`() {
        for length in 0...256 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
        #expect(Base64.encode([0xfb, 0xff, 0xfe]) == "+//+")
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "====", "Zm9v!mFy", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm9vYmE=\n", "ä"])
    func `Base64 that is not canonical is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `Hex is written in lower case, read in either, and refused when it is not hex`() {
        #expect(Hex.encode([0x00, 0x9f, 0xAB]) == "009fab")
        #expect(Hex.decode("009FaB") == [0x00, 0x9f, 0xab])
        #expect(Hex.decode("sha256=00".dropFirst(7)) == [0])
        for wrong in ["0", "0g", "0 ", "-1", "ä"] { #expect(Hex.decode(wrong) == nil) }
    }
}
