import Digests
import Testing

@Suite struct UUIDTests {
    @Test func `Version 5 gives RFC 9562's example and Python's`() {
        #expect(UUID.named("www.example.com", in: .dns).description == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
        #expect(UUID.named("python.org", in: .dns).description == "886313e1-3b8a-5372-9b90-0c9aee199e5d")
        #expect(UUID.named("", in: .dns).description == "4ebd0208-8328-5d69-8c44-ec50939c0967")
        #expect(UUID.named("http://python.org/", in: .url).description == "4c565f0d-3f5a-5890-b41b-20cf47701c5e")
    }

    @Test func `Version 4 has its version and variant bits, and does not repeat`() {
        var seen: Set<UUID> = []
        for _ in 0..<1000 {
            let id = UUID.random()
            #expect(id.version == 4)
            #expect(id.low >> 62 == 0b10)
            seen.insert(id)
        }
        #expect(seen.count == 1000)
    }

    @Test func `Many names of one namespace give what single ones give`() {
        let ids = NamedUUIDs(in: .dns)
        for name in ["", "a", "www.example.com", String(repeating: "x", count: 1000), "www.example.com"] {
            #expect(ids.named(name.utf8.span) == UUID.named(name, in: .dns))
        }
    }

    @Test func `Text and bytes come back as they were`() throws {
        let id = try #require(UUID("2ED6657D-e927-568b-95e1-2665a8aea6a2"))
        #expect(id.description == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
        #expect(Hex.encode(id.bytes) == "2ed6657de927568b95e12665a8aea6a2")
        #expect(UUID(high: id.high, low: id.low) == id)
        #expect(id < UUID(high: id.high, low: id.low + 1))
    }

    @Test(arguments: [
        "", "2ed6657d-e927-568b-95e1-2665a8aea6a", "2ed6657d-e927-568b-95e1-2665a8aea6a20",
        "2ed6657de927568b95e12665a8aea6a2", "{2ed6657d-e927-568b-95e1-2665a8aea6a}",
        "2ed6657d-e927-568b-95e1-2665a8aea6ag", "2ed6657d-e927-568b-95e1 2665a8aea6a2",
    ])
    func `What is not a UUID is refused`(text: String) {
        #expect(UUID(text) == nil)
    }
}
