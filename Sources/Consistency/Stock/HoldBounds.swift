/// What an installation allows in a request to hold goods (`reservations` in `omni.yaml`).
///
/// They count when a request is decided, and never again: what was decided stays when they change.
public struct HoldBounds: Sendable, Hashable {
    /// How long a hold lasts that doesn't say, in milliseconds.
    public var standard: Int64
    /// How long a hold may last from its decision on, in milliseconds; nil: as long as it asks.
    public var longest: Int64?
    /// The most pieces in one hold; nil: as many as there are.
    public var most: Int?

    /// Bounds; the defaults are two hours and none.
    public init(standard: Int64 = 7_200_000, longest: Int64? = nil, most: Int? = nil) {
        self.standard = standard
        self.longest = longest
        self.most = most
    }
}
