import ArgumentParser
import Operations

struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print what every measure is: name, unit, definition, source, and the tool it equals.",
        discussion: "Markdown, or a page with --html. The same page is at /reference/measures of a running server.")

    @Flag(help: "One HTML file instead of Markdown.")
    var html = false

    func run() { print(html ? MeasureReference.html() : MeasureReference.markdown(), terminator: "") }
}
