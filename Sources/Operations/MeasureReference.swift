/// The reference of all measures as a page, made from the columns' declarations.
public enum MeasureReference {
    /// What holds for all columns: a heading and sentences.
    private static let rules: [(title: String, sentences: [String])] = [
        (
            "Coordinates",
            [
                "x runs to the right and y down from the image's top left pixel; the centre of a pixel has whole numbers, the first pixel's is (0, 0).",
                "Boxes are half-open: the maximum is the row or column after the last.",
                "ZooProcess counts from pixel corners: its centroids (x, y, xm, ym) are larger by 0.5.",
                "Positions are those in the whole image, never in a crop.",
            ]
        ),
        (
            "Pixel size",
            [
                "Columns that end in _um are in µm, those that end in _um2 in µm²; each is a column in pixels times the image's pixel size or its square.",
                "Without a pixel size they are empty. No other column changes with the pixel size but ZooProcess's thickr, which samples every 0.1 mm.",
            ]
        ),
        (
            "Empty cells",
            [
                "A cell is empty where a measure has no value; infinity and “not a number” are never written.",
                "Names, units and definitions of columns stay the same whatever the image.",
            ]
        ),
        (
            "What surrounds an object",
            [
                "Only pixels under the mask are measured, so the same object has the same numbers however far a crop reaches around it.",
                "Focus and local binary patterns need a pixel's eight neighbours: they are taken over the pixels whose neighbours are all under the mask, and empty where there are none.",
                "Pixels of a mask that lie outside the image are left out.",
            ]
        ),
        (
            "Single pixels, lines, rings",
            [
                "A single pixel has area 1, perimeter 0, both axes 0, eccentricity 0 and a largest Feret diameter of 1; circularity, elongation and angle are empty.",
                "A straight line one pixel wide has a minor axis of 0 and an empty elongation.",
                "Objects narrower than three pixels have no focus and no local binary patterns; a single pixel has no texture either, for lack of a pair.",
                "Holes belong to no object: they count in area_filled and in ZooProcess's measures only.",
                "Where all gray levels are equal, skewness and kurtosis are empty; where all are 0, weighted centroid and weighted moments are.",
            ]
        ),
        (
            "Columns before the measures in a table of `ship measure`",
            [
                "label: number of the object in raster order of its first pixel, from 1; of a label image the label itself.",
                "parent_id: label of the nearest object in whose hole it lies; empty where there is none, or where that is not in the table.",
                "n_inner: how many objects that are large enough lie in its holes, at any depth; empty with a label image.",
                "touches: sides of the image that it reaches, added up: 1 left, 2 top, 4 right, 8 bottom.",
            ]
        ),
        (
            "Objects brighter than the background",
            [
                "ZooProcess knows dark objects only, so of bright ones `ship measure --polarity bright` takes its measures from the inverted picture (255 − level); all other groups take the levels as they are."
            ]
        ),
        (
            "Gray levels",
            [
                "Levels are those of the image after the corrections of its pipeline: 0 to 255, or 0 to 65535 of 16-bit images.",
                "ZooProcess's measures are always in 8 bits: 16-bit levels are divided by 257 and rounded, so pictures that use a small part of the 16 bits keep few levels.",
                "Colours become gray as in OpenCV: (9798 R + 19235 G + 3735 B + 16384) >> 15.",
            ]
        ),
        (
            "Likeness",
            [
                "Lists sorted by likeness to one object put the smallest distance first: the square root of the mean of ((a − b) / s)² over the measured columns in which both objects have a value.",
                "s is the population standard deviation of the column over all objects of the project; one column counts at most 3², and a column that is the same everywhere not at all.",
                "Left out are columns that say where an object lies or how it is turned (boxes, centroids, starts, angles, orientation) and those in µm and µm², which repeat others.",
                "Objects that share fewer than half of the columns in which the chosen one has a value have no distance and come last.",
            ]
        ),
        (
            "Names",
            [
                "A column has one name in all tables, and it is never renamed.",
                "Names that ZooProcess and scikit-image use for different things (area, angle, elongation) get zooprocess_ before them: in every project, and in tables of `ship measure` that hold other groups too. In a table of ZooProcess's measures alone they are as ZooProcess writes them.",
                "Moments are numbered by powers of y, then of x, as in scikit-image.",
            ]
        ),
    ]

    private static let introduction = """
        Each measure of an object with its unit, its definition and where that comes from. The last column names the tool \
        whose number it equals, with that tool's own name for it; where it is empty, no tool gives the same number.
        """

    private static let headings = ["Name", "Unit", "Meaning", "Definition", "Source", "Equals"]

    /// The page as Markdown (tables as on GitHub).
    public static func markdown() -> String {
        var text = "# Measures\n\n\(introduction)\n\n"
        for rule in rules { text += "## \(rule.title)\n\n" + rule.sentences.map { "- \(ReferencePage.markdown($0))\n" }.joined() + "\n" }
        for group in MeasureGroup.allCases {
            text += "## \(group.title)\n\n\(group.help) Chosen as `\(group.rawValue)`.\n\n"
            text += "| \(headings.joined(separator: " | ")) |\n|\(String(repeating: " --- |", count: headings.count))\n"
            for column in group.columns {
                let cells = ["`\(column.name)`"] + [column.unit.rawValue, column.title, column.definition, column.source, column.equals ?? ""].map(ReferencePage.markdown)
                text += "| \(cells.joined(separator: " | ")) |\n"
            }
            text += "\n"
        }
        return text
    }

    /// The page as one HTML file without scripts or other files; light or dark as the reader's system is.
    ///
    /// Each column's row has its group and name as identifier: `#gray-intensity_mean`.
    public static func html() -> String {
        var body = "<h1>Measures</h1>\n<p>\(ReferencePage.text(introduction))</p>\n<nav><ul>\n"
        for group in MeasureGroup.allCases { body += "<li><a href=\"#\(group.rawValue)\">\(ReferencePage.text(group.title))</a></li>\n" }
        body += "</ul></nav>\n"
        for rule in rules {
            body += "<h2>\(ReferencePage.text(rule.title))</h2>\n<ul>\n" + rule.sentences.map { "<li>\(ReferencePage.text($0))</li>\n" }.joined() + "</ul>\n"
        }
        for group in MeasureGroup.allCases {
            body += "<h2 id=\"\(group.rawValue)\">\(ReferencePage.text(group.title))</h2>\n<p>\(ReferencePage.text(group.help)) Chosen as <code>\(group.rawValue)</code>.</p>\n"
            body += "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"\(ReferencePage.text(group.title))\"><table>\n<thead><tr>"
            body += headings.map { "<th scope=\"col\">\($0)</th>" }.joined() + "</tr></thead>\n<tbody>\n"
            for column in group.columns {
                body += "<tr id=\"\(ReferencePage.text("\(group.rawValue)-\(column.name)"))\"><th scope=\"row\"><code>\(ReferencePage.text(column.name))</code></th>"
                let cells = [column.unit.rawValue, column.title, column.definition, column.source, column.equals ?? ""]
                body += cells.map { "<td>\(ReferencePage.text($0))</td>" }.joined() + "</tr>\n"
            }
            body += "</tbody>\n</table></div>\n"
        }
        return ReferencePage.html(title: "Measures", body: body)
    }
}
