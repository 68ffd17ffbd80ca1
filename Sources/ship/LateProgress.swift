/// Progress that shows only when there is time to read it.
final class LateProgress {
    private let start = ContinuousClock.now
    private var line: ProgressLine?
    private var rows = 1

    func show(rows done: Int, of total: Int, what: String) {
        guard ContinuousClock.now - start > .seconds(2) else { return }
        let line = self.line ?? ProgressLine()
        (self.line, rows) = (line, total)
        line.show(done: done, total: total, message: what, secondsLeft: nil)
    }

    /// Ends the line that was begun.
    func end() { line?.show(done: rows, total: rows, message: "rows decoded and measured", secondsLeft: nil) }
}
