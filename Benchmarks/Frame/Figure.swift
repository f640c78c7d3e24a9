/// Something that is measured: a file, listed in `main.swift`.
protocol Measurement {
    /// What `BENCH_ONLY` chooses it by.
    static var name: String { get }
    /// What it measures, in a line.
    static var about: String { get }
    /// Measures. Figures stand beside their limits of the same run.
    static func run(_ bench: Bench) throws -> [Figure]
}

/// One figure, with the limit of the same run and the target where there are any.
struct Figure {
    /// Such as `hub/product/10k/rate`.
    var name: String
    var value: Double
    var unit: String
    /// What it is compared with: measured in the same run.
    var beside: Beside?
    var target: Target?

    struct Beside {
        var name: String
        var value: Double
    }

    enum Target {
        /// The value is so much or more.
        case atLeast(Double)
        /// The value is so much or less.
        case atMost(Double)
        /// The value is so many times the one beside it, or more.
        case ratioAtLeast(Double)
        /// The value is so many times the one beside it, or less.
        case ratioAtMost(Double)
        /// The value is at most so much more than the one beside it.
        case excessAtMost(Double)
    }

    /// What the target is compared with: the value, its ratio to the one beside it, or its excess.
    var reached: Double {
        switch target {
        case .ratioAtLeast, .ratioAtMost: value / (beside?.value ?? .nan)
        case .excessAtMost: value - (beside?.value ?? .nan)
        case .atLeast, .atMost, nil: value
        }
    }

    /// Whether the target is met; nil without one.
    var isMet: Bool? {
        switch target {
        case .atLeast(let bound), .ratioAtLeast(let bound): reached >= bound
        case .atMost(let bound), .ratioAtMost(let bound), .excessAtMost(let bound): reached <= bound
        case nil: nil
        }
    }
}

extension Figure.Target {
    /// `≥ 0.8x`.
    var text: String {
        switch self {
        case .atLeast(let bound): "≥ \(short(bound))"
        case .atMost(let bound): "≤ \(short(bound))"
        case .ratioAtLeast(let bound): "≥ \(short(bound))x"
        case .ratioAtMost(let bound): "≤ \(short(bound))x"
        case .excessAtMost(let bound): "≤ +\(short(bound))"
        }
    }
}

/// A number as people read it: three digits, and no more decimals than that takes.
func short(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    let magnitude = abs(value)
    let decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2
    let scale = decimals == 0 ? 1.0 : decimals == 1 ? 10 : 100
    let scaled = Int((magnitude * scale).rounded())
    var text = String(scaled / Int(scale))
    if scaled % Int(scale) != 0 {
        let fraction = String(scaled % Int(scale) + Int(scale)).dropFirst()
        text += "." + fraction
    }
    if decimals == 0 {
        var grouped = ""
        for (place, digit) in text.enumerated() {
            if place > 0, (text.count - place) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        text = grouped
    }
    return value < 0 ? "-" + text : text
}
