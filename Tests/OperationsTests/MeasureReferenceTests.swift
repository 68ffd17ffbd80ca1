import Foundation
import Operations
import Testing

private func occurrences(of part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

@Test func `every column stands once in either page`() {
    let (markdown, html) = (MeasureReference.markdown(), MeasureReference.html())
    for group in MeasureGroup.allCases {
        for column in group.columns {
            #expect(occurrences(of: "id=\"\(group.rawValue)-\(column.name)\"", in: html) == 1, "\(column.name)")
        }
    }
    let rows = MeasureGroup.allCases.reduce(0) { $0 + $1.columns.count }
    #expect(occurrences(of: "<tr id=", in: html) == rows)
    #expect(markdown.split(separator: "\n").count { $0.hasPrefix("| `") } == rows)
}

@Test func `no Markdown cell breaks its row`() {
    for line in MeasureReference.markdown().split(separator: "\n") where line.hasPrefix("| `") {
        let bars = line.replacing("\\|", with: "").count { $0 == "|" }
        #expect(bars == 7, "\(line)")
    }
}

@Test func `the HTML page is well formed, escaped, and needs neither script nor other files`() throws {
    let html = MeasureReference.html()
    for forbidden in ["<script", "<link", "<img", "src=", "@import", "url(", "http:", "https:"] { #expect(!html.contains(forbidden), "\(forbidden)") }
    #expect(html.contains("prefers-color-scheme: dark") && html.contains("lang=\"en\""))
    // What is left between tags has no bare sign of markup, and every tag that opens is closed.
    var open: [String] = []
    var rest = html[...]
    while let start = rest.firstIndex(of: "<") {
        let text = rest[..<start]
        #expect(!text.contains(">") || open.last == "style", "\(text)")
        let end = try #require(rest[start...].firstIndex(of: ">"))
        let tag = rest[rest.index(after: start)..<end]
        rest = rest[rest.index(after: end)...]
        if tag.hasPrefix("!") || tag.hasPrefix("meta") { continue }
        if tag.hasPrefix("/") {
            #expect(open.popLast() == String(tag.dropFirst()))
        } else {
            open.append(String(tag.prefix { !$0.isWhitespace }))
        }
    }
    #expect(open.isEmpty)
    #expect(html.contains("&gt;&gt; 15") && html.contains("&#39;uniform&#39;"))
    for ampersand in html.split(separator: "&").dropFirst() {
        #expect(["amp;", "lt;", "gt;", "quot;", "#39;"].contains { ampersand.hasPrefix($0) }, "&\(ampersand.prefix(10))")
    }
}
