import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The simulator's control door: plays the telephone network. */
final class Door {
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI steps;
    private final String token;

    /** Reads address and token as the simulator wrote them. */
    Door(Path control) throws IOException {
        List<String> lines = Files.readAllLines(control);
        steps = URI.create("http://" + lines.get(0) + "/do");
        token = lines.get(1);
    }

    /** Makes one step of a scenario now; the new call's id where it makes one, else empty. */
    String step(String text) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(steps)
            .version(HttpClient.Version.HTTP_1_1)
            .header("Authorization", "Bearer " + token)
            .POST(HttpRequest.BodyPublishers.ofString(text))
            .build();
        HttpResponse<String> answer =
            client.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new AssertionError("the simulator refuses: " + answer.body());
        }
        JsonNode body = new ObjectMapper().readTree(answer.body());
        return body == null ? "" : body.path("dialog").asText("");
    }
}
