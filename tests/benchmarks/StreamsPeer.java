import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/** A peer: copies each record in one transaction with its offset, under exactly_once_v2. */
public class StreamsPeer {
    public static void main(String[] arguments) {
        Properties chosen = new Properties();
        chosen.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench-streams");
        chosen.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("BENCH_BROKER"));
        chosen.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        chosen.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        chosen.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        chosen.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        chosen.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(System.getenv("BENCH_IN")).to(System.getenv("BENCH_OUT"));
        KafkaStreams streams = new KafkaStreams(builder.build(), chosen);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
