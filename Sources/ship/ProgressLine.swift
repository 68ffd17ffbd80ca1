import Foundation
import Synchronization

/// Progress for people: one moving line on a terminal, a plain line every tenth part elsewhere (logs, schedulers).
final class ProgressLine: Sendable {
    private struct State {
        var lastTenth = -1
        var lastMessage = ""
    }

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    func show(done: Int, total: Int, message: String, secondsLeft: Double?) {
        let left = secondsLeft.map { ", \(ProgressLine.duration($0)) left" } ?? ""
        if isTerminal {
            let width = 24
            let filled = total > 0 ? min(width, done * width / total) : 0
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
            write("\r\u{1B}[K\(bar) \(done)/\(total) \(message)\(left)")
            if total > 0, done >= total { write("\n") }
            return
        }
        state.withLock { state in
            let tenth = total > 0 ? done * 10 / total : 0
            guard tenth != state.lastTenth || message != state.lastMessage else { return }
            // A message that changes with every image would fill a log; then only the tenths count.
            let isNewTenth = tenth != state.lastTenth
            (state.lastTenth, state.lastMessage) = (tenth, message)
            if isNewTenth { write("\(done) of \(total) \(message)\(left)\n") }
        }
    }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
