import Testing

@testable import omni

@Suite struct APIClientTests {
    @Test func everyHubOfUpIsAskedOnePortAfterTheOther() {
        #expect(
            APIClient.origins(listen: "127.0.0.1:8100", hubs: 3)
                == ["http://127.0.0.1:8100", "http://127.0.0.1:8101", "http://127.0.0.1:8102"])
        #expect(APIClient.origins(listen: "[::1]:80", hubs: 1) == ["http://[::1]:80"])
    }
}
