import ArgumentParser
import Pipeline

/// `ship`: a folder of frames to corrected images, edited objects, measurements and archives, on one laptop.
@main
struct Ship: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ship",
        abstract: "Imaging pipeline for field scientists: frames in, measured objects and EcoTaxa archives out.",
        discussion: """
            Start `ship serve` and open the address it prints. Everything a project needs lies in its own folder
            below the root: copy that folder to another machine and it opens there.

            Exit codes: 0 done; 1 something failed, the message says what; 2 some images failed, the rest is done;
            64 the arguments are wrong.
            """,
        version: shipVersion,
        subcommands: [
            ServeCommand.self, DemoCommand.self, RunCommand.self, MergeCommand.self, ImportCommand.self, ExportCommand.self, MeasureCommand.self,
            ConvertCommand.self, StitchCommand.self, TileCommand.self, RemoveCommand.self, CheckCommand.self, PipelineCommand.self, NodesCommand.self, ReferenceCommand.self,
        ])
}
