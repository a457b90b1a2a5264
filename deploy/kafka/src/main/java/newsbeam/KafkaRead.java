package newsbeam;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.NullableCoder;
import org.apache.beam.sdk.expansion.ExternalTransformRegistrar;
import org.apache.beam.sdk.io.kafka.KafkaIO;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.io.kafka.TimestampPolicy;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ExternalTransformBuilder;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.joda.time.Instant;

/**
 * Reads a topic's messages as rows, with Beam's own connector.
 *
 * <p>Beam's own expansion for other languages never advances the watermark of a partition without messages, so no window ever
 * closes. A timestamp policy prevents that, but can be set in Java only.
 */
public final class KafkaRead implements ExternalTransformRegistrar {
  private static final Schema HEADER = Schema.builder().addStringField("key").addNullableByteArrayField("value").build();
  private static final Schema MESSAGE =
      Schema.builder()
          .addStringField("topic")
          .addInt32Field("partition")
          .addInt64Field("offset")
          .addInt64Field("timestamp")
          .addNullableByteArrayField("value")
          .addArrayField("headers", Schema.FieldType.row(HEADER))
          .build();

  @Override
  public Map<String, ExternalTransformBuilder<?, ?, ?>> knownBuilderInstances() {
    return Map.of("newsbeam:kafka_read:v1", new Builder());
  }

  /** The configuration that Python passes: the consumer's settings and the topic. */
  public static final class Configuration {
    private Map<String, String> consumerConfig;
    private String topic;

    public void setConsumerConfig(Map<String, String> consumerConfig) {
      this.consumerConfig = consumerConfig;
    }

    public void setTopic(String topic) {
      this.topic = topic;
    }
  }

  private static final class Builder implements ExternalTransformBuilder<Configuration, PBegin, PCollection<Row>> {
    @Override
    public PTransform<PBegin, PCollection<Row>> buildExternal(Configuration configuration) {
      return new Read(Map.copyOf(configuration.consumerConfig), configuration.topic);
    }
  }

  private static final class Read extends PTransform<PBegin, PCollection<Row>> {
    private final Map<String, String> consumerConfig;
    private final String topic;

    private Read(Map<String, String> consumerConfig, String topic) {
      this.consumerConfig = consumerConfig;
      this.topic = topic;
    }

    @Override
    public PCollection<Row> expand(PBegin begin) {
      NullableCoder<byte[]> bytes = NullableCoder.of(ByteArrayCoder.of());
      return begin
          .apply(
              KafkaIO.<byte[], byte[]>read()
                  .withBootstrapServers(consumerConfig.get("bootstrap.servers"))
                  .withConsumerConfigUpdates(Map.copyOf(consumerConfig))
                  .withTopic(topic)
                  .withKeyDeserializerAndCoder(ByteArrayDeserializer.class, bytes)
                  .withValueDeserializerAndCoder(ByteArrayDeserializer.class, bytes)
                  .withTimestampPolicyFactory((partition, before) -> new RecordTime(before)))
          .apply(ParDo.of(new ToRow()))
          .setRowSchema(MESSAGE);
    }
  }

  private static final class ToRow extends DoFn<KafkaRecord<byte[], byte[]>, Row> {
    @ProcessElement
    public void process(@Element KafkaRecord<byte[], byte[]> record, OutputReceiver<Row> out) {
      List<Row> headers = new ArrayList<>();
      if (record.getHeaders() != null) {
        for (Header header : record.getHeaders()) {
          headers.add(Row.withSchema(HEADER).addValues(header.key(), header.value()).build());
        }
      }
      out.output(
          Row.withSchema(MESSAGE)
              .addValues(
                  record.getTopic(),
                  record.getPartition(),
                  record.getOffset(),
                  record.getTimestamp(),
                  record.getKV().getValue(),
                  headers)
              .build());
    }
  }

  /** The record's own time. The watermark is the latest of them, at most the current time; at the topic's end, the current time. */
  static final class RecordTime extends TimestampPolicy<byte[], byte[]> {
    private Instant latest;

    RecordTime(Optional<Instant> before) {
      latest = before.orElse(BoundedWindow.TIMESTAMP_MIN_VALUE);
    }

    @Override
    public Instant getTimestampForRecord(PartitionContext context, KafkaRecord<byte[], byte[]> record) {
      Instant time = new Instant(record.getTimestamp());
      if (time.isAfter(latest)) {
        latest = time;
      }
      return time;
    }

    @Override
    public Instant getWatermark(PartitionContext context) {
      Instant now = Instant.now();
      if (context.getMessageBacklog() == 0 && context.getBacklogCheckTime().isAfter(latest)) {
        return context.getBacklogCheckTime();
      }
      return latest.isAfter(now) ? now : latest;
    }
  }
}
