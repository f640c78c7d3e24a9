import Simulation
import Testing

@Suite struct RandomnessTests {
    /// Seeds of failed simulations must mean the same for ever. The numbers are those of the published algorithms.
    @Test func aSeedMeansTheSameInEveryRelease() {
        let random = Randomness(seed: 42)
        #expect((0..<3).map { _ in random.next() } == [1546998764402558742, 6990951692964543102, 12544586762248559009])
    }
}
