import Canonical

/// Stock's settings, ready to count with; see ``Rules/Ledger``.
struct StockRules: BitwiseCopyable {
    let skew: Int64
    let horizon: Int64
    let remember: Int64
    /// How much may be promised beyond what is on hand.
    let promised: Quantity

    init(_ ledger: Rules.Ledger) {
        skew = ledger.skew
        horizon = ledger.horizon
        remember = ledger.remember
        promised = Quantity(ledger.backorder) ?? .zero
    }
}
