import Glibc

/// Where the demonstration tells what happens, line by line; on a terminal in colours, and with a line that says what is
/// being waited for.
public final class Screen {
    private let descriptor: Int32
    private let isTerminal: Bool
    private let isColoured: Bool
    private var isBusy = false

    /// A screen on an open descriptor. Colours need a terminal, and no `NO_COLOR` in the environment.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        isColoured = isTerminal && getenv("NO_COLOR") == nil
    }

    /// How a piece of text looks.
    enum Ink: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case cyan = "36"
    }

    /// The text in that ink, where there are colours.
    func ink(_ ink: Ink, _ text: String) -> String { isColoured ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text }

    /// A line as it is.
    func line(_ text: String = "") { put(text + "\n") }

    /// A chapter begins.
    func chapter(_ title: String, _ about: String = "") {
        line()
        line(ink(.bold, "▸ \(title)") + (about.isEmpty ? "" : ink(.dim, "  \(about)")))
    }

    /// What somebody does or shows, and how long after the chapter's beginning (or what else is measured).
    func event(_ after: Duration, _ who: String, _ what: String) {
        line("  " + ink(.dim, Self.seconds(after).leftPadded(to: 8)) + "  " + who.rightPadded(to: 12) + what)
    }

    /// Something about somebody, without a time.
    func fact(_ who: String, _ what: String) {
        line("            " + who.rightPadded(to: 12) + what)
    }

    /// A chapter ends well.
    func passed(_ what: String) { line("  " + ink(.green, "✓ \(what)")) }

    /// A chapter ends badly.
    func failed(_ what: String) { line("  " + ink(.red, "✗ \(what)")) }

    /// Says on a terminal what is being waited for; the next line takes its place. Nil takes it away.
    func busy(_ what: String?) {
        guard isTerminal, what != nil || isBusy else { return }
        let text = what.map { "  … \($0)" } ?? ""
        put(ink(.dim, String(text.prefix(columns - 1))))
        isBusy = what != nil
    }

    private var columns: Int {
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? max(20, Int(size.ws_col)) : 80
    }

    private func put(_ text: String) {
        var text = (isBusy ? "\r\u{1B}[K" : "") + text
        isBusy = false
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = write(descriptor, rest.baseAddress, rest.count)
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// `0.412 s`, `12.3 s`
    static func seconds(_ duration: Duration) -> String {
        let milliseconds = max(0, Int(duration / .milliseconds(1)))
        let digits = milliseconds < 10_000 ? 3 : 1
        let fraction = String(milliseconds % 1000)
        let padded = String(repeating: "0", count: 3 - fraction.count) + fraction
        return "\(milliseconds / 1000).\(padded.prefix(digits)) s"
    }
}

extension String {
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
    func rightPadded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    /// The text, cut with an ellipsis where it is longer.
    func shortened(to width: Int) -> String { count <= width ? self : prefix(width - 1) + "…" }
}
